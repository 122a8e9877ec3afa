"""`mlp model alias ls`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.cli.table import Table
from mlp.cli.text import age


@command
def run(session: Session, *, name: Annotated[str, typer.Argument(metavar="NAME", help="The model.")]) -> None:
    """List the aliases of a model."""
    aliases = session.catalog.aliases(name)
    rows = [
        (each["name"], each["version"], f"{age(each['updated_at'])} ago", each.get("updated_by") or "-")
        for each in aliases
    ]
    session.emit(
        aliases,
        lambda: Table(("ALIAS", "VERSION", "UPDATED", "BY"), rows, empty=f"{name} has no aliases"),
    )
