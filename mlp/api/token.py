"""Tokens of the registry: what one allows, and the documents about them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from mlp.api.wire import Answer, Wire

NAME_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9._@-]{0,62}[A-Za-z0-9])?$"
MAX_LIFETIME = 10 * 366 * 86_400

TokenName = Annotated[
    str,
    Field(
        pattern=NAME_PATTERN,
        description="who or what holds it, as in ci or alice@example.org: 1 to 64 letters, digits, '.', '_', '@', '-'",
    ),
]


class Scope(StrEnum):
    """What a token allows; each scope holds those before it."""

    READ = "read"
    """Look up, download, and say which versions are in use."""
    WRITE = "write"
    """Push, change, and move aliases."""
    ADMIN = "admin"
    """Tokens, and what cannot be undone."""

    def covers(self, needed: Scope) -> bool:
        """Whether this scope holds `needed`."""
        order = list(Scope)
        return order.index(self) >= order.index(needed)


class TokenRequest(Wire):
    """`POST /tokens`: a token to be made."""

    name: TokenName
    scope: Scope
    expires_in: Annotated[int, Field(ge=1, le=MAX_LIFETIME, strict=True)] | None = None
    """Seconds until it is worth nothing; None for never. Seconds, so that only the registry's clock counts."""


class Token(Answer):
    """A token, without what only its holder knows."""

    name: str
    scope: Scope
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    """Within ten minutes; None for never."""


class NewToken(Token):
    """A token as its maker gets it, once."""

    token: str


class TokenList(Answer):
    """A page of tokens by name; `next` is the cursor of the following page, or None."""

    items: list[Token]
    next: str | None = None


class Identity(Answer):
    """`GET /whoami`: in whose name a request is made, and what it may do."""

    name: str
    scope: Scope
    expires_at: datetime | None = None
