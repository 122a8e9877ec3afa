"""`mlp webhook rm`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    webhook: Annotated[int, typer.Argument(metavar="ID", min=1, help="As mlp webhook ls shows it.")],
) -> None:
    """Tell a webhook nothing more, not even what waits."""
    session.registry.webhooks.delete(webhook)
    session.emit({"id": webhook, "deleted": True}, lambda: "")
    session.screen.step(f"webhook {webhook} is told nothing more")
