"""`mlp model alias rm`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.aliases import named_alias
from mlp.cli.command import command
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    reference: Annotated[str, typer.Argument(metavar="NAME@ALIAS", help="As in iris@production.")],
    expected: Annotated[
        int | None, typer.Option("--expected", metavar="N", min=1, help="Only if it points there now.")
    ] = None,
) -> None:
    """Remove an alias. Its version and its history stay."""
    wanted, alias = named_alias(reference)
    session.registry.aliases.remove(wanted.name, alias, expected=expected)
    session.screen.step(f"{wanted} is removed")
