"""`mlp model archive`."""

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
    """Offer a version, or a model, no longer: lists leave it out, and no alias can point to it.

    Nothing is deleted, and what serves it goes on. An archived model takes no pushes.
    """
    wanted = fixed_reference(reference)
    session.registry.archive(wanted.name, wanted.version)
    session.emit({"name": wanted.name, "version": wanted.version, "archived": True}, lambda: "")
    session.screen.step(f"{wanted} is archived")
    session.screen.next(f"model unarchive {wanted}")
