"""`mlp logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.duration import seconds_of
from mlp.cli.output import Format
from mlp.cli.session import Session
from mlp.cli.text import printable
from mlp.errors import Invalid


@command
def run(
    session: Session,
    *,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A deployment, or: registry, agent, operator, postgresql, minio.")
    ],
    tail: Annotated[int, typer.Option("--tail", metavar="N", min=0, help="How many lines to begin with.")] = 200,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DURATION", help="Only lines of the last 30s, 5m, 2h.")
    ] = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Wait for further lines; Ctrl-C ends it.")] = False,
) -> None:
    """Show the log of a deployment or of a part of the platform."""
    if follow and session.flags.output is not Format.TEXT:
        raise Invalid("-f prints lines as they come, so it has no -o json or yaml", code="invalid_option")
    seconds = None if since is None else seconds_of(since)
    lines = session.target_to_start().logs(name, tail=tail, follow=follow, since=seconds)
    if session.flags.output is not Format.TEXT:
        session.emit(list(lines), lambda: "")
        return
    for line in lines:
        typer.echo(printable(line))
