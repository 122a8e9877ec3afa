"""`mlp webhook deliveries`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.cli.table import Table
from mlp.cli.text import age
from mlp.errors import Invalid

if TYPE_CHECKING:
    from mlp.api.documents import DeliveryDocument

_STATES = ("waiting", "delivered", "failed")


@command
def run(
    session: Session,
    *,
    webhook: Annotated[int, typer.Argument(metavar="ID", min=1, help="As mlp webhook ls shows it.")],
    state: Annotated[
        str | None, typer.Option("--state", metavar="waiting|delivered|failed", help="Only those.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=100, help="At most so many.")] = 20,
) -> None:
    """Show what a webhook was told, and what waits or was given up, newest first."""
    told = session.catalog.deliveries(webhook, state=_state(state), limit=limit)
    session.emit(
        told,
        lambda: Table(
            ("EVENT", "STATE", "CREATED", "ATTEMPTS", "LAST ANSWER", "ID"),
            [_row(each) for each in told],
            empty="no deliveries",
        ),
    )


def _state(text: str | None) -> str | None:
    if text is not None and text not in _STATES:
        raise Invalid(f"{text[:50]!r} is no state: {', '.join(_STATES)}", code="invalid_option")
    return text


def _row(delivery: DeliveryDocument) -> tuple[object, ...]:
    status = delivery["last_status"]
    answer = delivery["last_error"] or (f"HTTP {status}" if status else "-")
    created = f"{age(delivery['created_at'])} ago"
    return (delivery["event"], delivery["state"], created, delivery["attempts"], answer, delivery["id"])
