"""`mlp model unarchive`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.reference import fixed_reference
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    reference: Annotated[str, typer.Argument(metavar="NAME[:VERSION]", help="As in iris or iris:2.")],
) -> None:
    """Offer an archived version, or model, again."""
    wanted = fixed_reference(reference)
    session.registry.archive(wanted.name, wanted.version, archived=False)
    session.emit({"name": wanted.name, "version": wanted.version, "archived": False}, lambda: "")
    session.screen.step(f"{wanted} is offered again")
