"""`mlp model alias history`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from mlp.cli.aliases import named_alias
from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.cli.table import Table

if TYPE_CHECKING:
    from mlp.api.documents import AliasChangeDocument


@command
def run(
    session: Session,
    *,
    reference: Annotated[str, typer.Argument(metavar="NAME@ALIAS", help="As in iris@production.")],
    at: Annotated[
        str | None, typer.Option("--at", metavar="WHEN", help="Only what held then: 2026-05-03, 2026-05-03T12:00Z.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 100,
) -> None:
    """Show where an alias pointed, newest first: who changed it, when, from and to which version.

    \b
      mlp model alias history iris@production --at 2026-05-03

    A day is one of UTC, and shows all that held in it; of a moment without an offset, UTC is meant.
    """
    wanted, alias = named_alias(reference)
    changes = session.catalog.alias_history(wanted.name, alias, at=at, limit=limit)
    rows = [_row(change) for change in changes]
    session.emit(
        changes,
        lambda: Table(("CHANGE", "WHEN", "BY", "FROM", "TO"), rows, empty=f"{wanted} did not exist then"),
    )


def _row(change: AliasChangeDocument) -> tuple[object, ...]:
    when = f"{datetime.fromisoformat(change['at']):%Y-%m-%d %H:%M:%S} UTC"
    return (
        change["number"],
        when,
        change["by"],
        change.get("from_version") or "-",
        change.get("to_version") or "removed",
    )
