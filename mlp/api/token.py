"""Tokens of the registry: what one allows, and the documents about them."""

from __future__ import annotations

from enum import StrEnum


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
