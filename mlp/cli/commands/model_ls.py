"""`mlp model ls`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.cli.table import Table
from mlp.cli.text import age, size
from mlp.errors import Invalid

if TYPE_CHECKING:
    from mlp.api.documents import ModelDocument, SummaryDocument


@command
def run(
    session: Session,
    *,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A model, to list its versions.")] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="TEXT", help="Only models whose names contain this.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="K[=V]", help="Only what has this tag; repeat it.")
    ] = None,
    where: Annotated[
        str | None, typer.Option("--filter", metavar="TEXT", help="Only versions of which this is true.")
    ] = None,
    archived: Annotated[bool, typer.Option("--archived", help="Archived ones too.")] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 100,
) -> None:
    """List models, or the versions of one, newest first.

    \b
      mlp model ls --search iris --tag team=risk
      mlp model ls iris --filter "metrics.accuracy > 0.95 and not tags.team = 'risk'"

    A filter compares metrics.KEY, params.KEY, tags.KEY, version, task, created_at and created_by by = != < <= > >=
    with numbers or 'text', and joins that with and, or, not and parentheses.
    """
    if name is None:
        if where is not None:
            raise Invalid("--filter selects versions: give the NAME of a model", code="invalid_option")
        _models(session, search, tag or [], archived, limit)
    else:
        if search is not None:
            raise Invalid("--search selects models: leave it or NAME out", code="invalid_option")
        _versions(session, name, where, tag or [], archived, limit)


def _models(session: Session, search: str | None, tags: list[str], archived: bool, limit: int) -> None:
    models = session.catalog.models(search=search, tags=tags, archived=archived, limit=limit)
    headers = ("NAME", "LATEST", "ALIASES", "UPDATED", "DESCRIPTION", "ARCHIVED")
    session.emit(
        models,
        lambda: _table(headers, list(map(_model_row, models)), archived, _nothing("models", search, *tags)),
    )


def _versions(session: Session, name: str, where: str | None, tags: list[str], archived: bool, limit: int) -> None:
    versions = session.catalog.versions(name, where=where, tags=tags, archived=archived, limit=limit)
    headers = ("VERSION", "ALIASES", "TASK", "SIZE", "METRICS", "TAGS", "CREATED", "DIGEST", "ARCHIVED")
    session.emit(
        versions,
        lambda: _table(headers, list(map(_version_row, versions)), archived, _nothing("versions", where, *tags)),
    )


def _table(headers: Sequence[str], rows: Sequence[Sequence[object]], archived: bool, empty: str) -> Table:
    """Return a table; its last column is about the archive, and left out where nothing archived was asked for."""
    end = len(headers) if archived else -1
    return Table(headers[:end], [row[:end] for row in rows], empty=empty)


def _model_row(model: ModelDocument) -> Sequence[object]:
    return (
        model["name"],
        model.get("latest_version") or "-",
        _pairs(model.get("aliases", {})),
        age(model["updated_at"]),
        model.get("description", ""),
        age(model.get("archived_at")),
    )


def _version_row(version: SummaryDocument) -> Sequence[object]:
    return (
        version["version"],
        ",".join(version.get("aliases", [])) or "-",
        version["task"],
        size(version["size"]),
        " ".join(f"{key}={value:.4g}" for key, value in version.get("metrics", {}).items()) or "-",
        _pairs(version.get("tags", {})),
        age(version["created_at"]),
        version["digest"][:12],
        age(version.get("archived_at")),
    )


def _pairs(values: dict[str, int] | dict[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in values.items()) or "-"


def _nothing(what: str, *asked: str | None) -> str:
    return f"no {what} of which that is true" if any(asked) else f"no {what} yet"
