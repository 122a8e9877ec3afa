"""`mlp token ls`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.cli.text import age, columns

if TYPE_CHECKING:
    from mlp.api.token import Token


@command
def run(
    session: Session,
    *,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 100,
) -> None:
    """List the registry's tokens by name. What only their holders know is shown nowhere."""
    tokens = session.registry.tokens.all(limit=limit)
    session.emit(
        [token.model_dump(mode="json") for token in tokens],
        lambda: (
            columns(("NAME", "SCOPE", "EXPIRES", "LAST USED", "CREATED", "BY"), [_row(token) for token in tokens])
            if tokens
            else "no tokens yet"
        ),
    )


def _row(token: Token) -> tuple[str, ...]:
    return (
        token.name,
        token.scope.value,
        _end(token),
        "never" if token.last_used_at is None else f"{age(token.last_used_at)} ago",
        f"{age(token.created_at)} ago",
        token.created_by,
    )


def _end(token: Token) -> str:
    if token.expires_at is None:
        return "never"
    return "expired" if token.is_expired() else f"{token.expires_at:%Y-%m-%d %H:%M} UTC"
