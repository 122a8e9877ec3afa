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
    webhooks = session.registry.webhooks.all(limit=limit)
    session.emit(
        [webhook.model_dump(mode="json") for webhook in webhooks],
        lambda: (
            columns(
                ("ID", "URL", "EVENTS", "CREATED", "BY"),
                [(w.id, w.url, ",".join(w.events), f"{age(w.created_at)} ago", w.created_by) for w in webhooks],
            )
            if webhooks
            else "no webhooks yet"
        ),
    )
