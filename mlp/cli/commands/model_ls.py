"""`mlp model ls`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.cli.text import age, columns, printable, size


@command
def run(
    session: Session,
    *,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A model, to list its versions.")] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="TEXT", help="Only names that contain this.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 100,
) -> None:
    """List models, or the versions of one, newest first."""
    if name is None:
        _models(session, search, limit)
    else:
        _versions(session, name, limit)


def _models(session: Session, search: str | None, limit: int) -> None:
    models = session.registry.models(search=search, limit=limit)
    session.emit(
        [model.model_dump(mode="json") for model in models],
        lambda: (
            columns(
                ("NAME", "LATEST", "UPDATED", "DESCRIPTION"),
                [(m.name, m.latest_version or "-", age(m.updated_at), m.description) for m in models],
            )
            if models
            else "no models yet"
        ),
    )


def _versions(session: Session, name: str, limit: int) -> None:
    versions = session.registry.versions(name, limit=limit)
    session.emit(
        [version.model_dump(mode="json") for version in versions],
        lambda: columns(
            ("VERSION", "TASK", "SIZE", "METRICS", "TAGS", "CREATED", "DIGEST"),
            [
                (
                    v.version,
                    v.task,
                    size(v.size),
                    " ".join(f"{key}={value:.4g}" for key, value in v.metrics.items()) or "-",
                    printable(" ".join(f"{key}={value}" for key, value in v.tags.items())) or "-",
                    age(v.created_at),
                    v.digest[:12],
                )
                for v in versions
            ],
        ),
    )
