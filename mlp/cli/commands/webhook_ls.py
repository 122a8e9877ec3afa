"""`mlp webhook ls`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.cli.table import Table
from mlp.cli.text import age

if TYPE_CHECKING:
    from mlp.api.documents import WebhookDocument


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
        lambda: Table(
            ("ID", "URL", "EVENTS", "CREATED", "BY"),
            [_row(each) for each in webhooks],
            empty="no webhooks yet",
        ),
    )


def _row(webhook: WebhookDocument) -> tuple[object, ...]:
    created = f"{age(webhook['created_at'])} ago"
    return (webhook["id"], webhook["url"], ",".join(webhook["events"]), created, webhook["created_by"])
