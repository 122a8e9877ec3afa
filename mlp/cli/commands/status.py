"""`mlp status`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.overview import deployment_text, platform_document, platform_text
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A deployment; the whole platform if left out.")
    ] = None,
) -> None:
    """Show what runs, and whether it answers."""
    if name is None:
        platform = session.target.platform()
        session.emit(platform_document(platform), lambda: platform_text(platform))
        return
    deployment = session.target.get(name)
    session.emit(deployment.document(), lambda: deployment_text(deployment))
