"""`mlp model ls`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.cli.text import age, columns, size
from mlp.errors import Invalid

if TYPE_CHECKING:
    from mlp.api.model import VersionSummary


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
        _models(session, search, tag or [], limit)
    else:
        if search is not None:
            raise Invalid("--search selects models: leave it or NAME out", code="invalid_option")
        _versions(session, name, where, tag or [], limit)


def _models(session: Session, search: str | None, tags: list[str], limit: int) -> None:
    models = session.registry.models(search=search, tags=tags, limit=limit)
    session.emit(
        [model.model_dump(mode="json") for model in models],
        lambda: (
            columns(
                ("NAME", "LATEST", "ALIASES", "UPDATED", "DESCRIPTION"),
                [
                    (m.name, m.latest_version or "-", _pairs(m.aliases), age(m.updated_at), m.description)
                    for m in models
                ],
            )
            if models
            else _nothing("models", search, *tags)
        ),
    )


def _versions(session: Session, name: str, where: str | None, tags: list[str], limit: int) -> None:
    versions = session.registry.versions(name, where=where, tags=tags, limit=limit)
    session.emit(
        [version.model_dump(mode="json") for version in versions],
        lambda: (
            columns(
                ("VERSION", "ALIASES", "TASK", "SIZE", "METRICS", "TAGS", "CREATED", "DIGEST"),
                [_row(version) for version in versions],
            )
            if versions
            else _nothing("versions", where, *tags)
        ),
    )


def _row(version: VersionSummary) -> tuple[object, ...]:
    return (
        version.version,
        ",".join(version.aliases) or "-",
        version.task,
        size(version.size),
        " ".join(f"{key}={value:.4g}" for key, value in version.metrics.items()) or "-",
        _pairs(version.tags),
        age(version.created_at),
        version.digest[:12],
    )


def _pairs(values: dict[str, int] | dict[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in values.items()) or "-"


def _nothing(what: str, *asked: str | None) -> str:
    return f"no {what} of which that is true" if any(asked) else f"no {what} yet"
