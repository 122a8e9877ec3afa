"""`mlp webhook ls`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.cli.text import age, columns


@command
def run(
    session: Session,
    *,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 100,
) -> None:
    """List who is told of what, oldest first. The keys that sign are shown nowhere."""
    webhooks = session.catalog.webhooks(limit=limit)
    session.emit(
        webhooks,
        lambda: (
            columns(
                ("ID", "URL", "EVENTS", "CREATED", "BY"),
                [
                    (
                        each["id"],
                        each["url"],
                        ",".join(each["events"]),
                        f"{age(each['created_at'])} ago",
                        each["created_by"],
                    )
                    for each in webhooks
                ],
            )
            if webhooks
            else "no webhooks yet"
        ),
    )
