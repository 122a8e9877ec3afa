"""`mlp token ls`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.cli.table import Table
from mlp.cli.text import age

if TYPE_CHECKING:
    from mlp.api.documents import TokenDocument


@command
def run(
    session: Session,
    *,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 100,
) -> None:
    """List the registry's tokens by name. What only their holders know is shown nowhere."""
    tokens = session.catalog.tokens(limit=limit)
    session.emit(
        tokens,
        lambda: Table(
            ("NAME", "SCOPE", "EXPIRES", "LAST USED", "CREATED", "BY"),
            [_row(token) for token in tokens],
            empty="no tokens yet",
        ),
    )


def _row(token: TokenDocument) -> tuple[str, ...]:
    used = token.get("last_used_at")
    return (
        token["name"],
        token["scope"],
        _end(token),
        "never" if used is None else f"{age(used)} ago",
        f"{age(token['created_at'])} ago",
        token["created_by"],
    )


def _end(token: TokenDocument) -> str:
    """Return when a token is worth nothing any more, by this machine's clock."""
    end = token.get("expires_at")
    if end is None:
        return "never"
    moment = datetime.fromisoformat(end)
    return "expired" if moment <= datetime.now(UTC) else f"{moment:%Y-%m-%d %H:%M} UTC"
