"""`mlp history`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.revisions import history_table
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The deployment.")],
) -> None:
    """Show what a deployment was asked to serve: when, by whom, and what became of it.

    The newest comes first; the star marks what is asked for now. A cluster remembers versions and times alone.
    """
    revisions = session.target.history(name, session.damaged)
    session.emit(list(revisions), lambda: history_table(revisions))
    if len(revisions) > 1:
        session.screen.next(f"rollback {name}")
