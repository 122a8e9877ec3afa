"""`mlp model rm`."""

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
    reference: Annotated[
        str, typer.Argument(metavar="NAME[:VERSION]", help="iris:2 is a version; iris is the model with all of them.")
    ],
) -> None:
    """Delete a version, or a model with all its versions. A number is never given again.

    Refused while an alias points to it or a deployment uses it. To keep it, mlp model archive.
    """
    wanted = fixed_reference(reference)
    # Looked up first: nobody is asked about what does not exist.
    if wanted.version is None:
        session.catalog.model(wanted.name)
        session.confirm(f"Delete model {wanted} and all its versions?")
    else:
        session.catalog.version(wanted.name, wanted.version)
        session.confirm(f"Delete {wanted}?")
    session.registry.delete(wanted.name, wanted.version)
    session.emit({"name": wanted.name, "version": wanted.version, "deleted": True}, lambda: "")
    session.screen.step(f"{wanted} is deleted")
