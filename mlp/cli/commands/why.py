"""`mlp why`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.chain import why_document, why_text
from mlp.cli.command import command
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The deployment.")],
) -> None:
    """Say why a deployment does not serve what it is asked for: one chain to one cause, and one fix."""
    why = session.target.why(name)
    session.emit(why_document(why), lambda: why_text(why, ascii_only=session.screen.accessible))
