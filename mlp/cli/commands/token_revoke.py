"""`mlp token revoke`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As mlp token ls shows it.")],
) -> None:
    """Make a token worthless; every replica of the registry refuses it within 5 seconds."""
    session.registry.tokens.revoke(name)
    session.emit({"name": name, "revoked": True}, lambda: "")
    session.screen.step(f"token {name} is revoked")
