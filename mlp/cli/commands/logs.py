"""`mlp logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.cli.text import printable


@command
def run(
    session: Session,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A deployment, or: registry, agent.")],
    tail: Annotated[int, typer.Option("--tail", metavar="N", min=0, help="How many lines to begin with.")] = 200,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Wait for further lines; Ctrl-C ends it.")] = False,
) -> None:
    """Show the log of a deployment, of the registry or of the agent."""
    for line in session.target_to_start().logs(name, tail=tail, follow=follow):
        typer.echo(printable(line))
