"""Who asks for a change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """The one in whose name something changes: the name of a token, or `anonymous`; and the request that asked."""

    name: str
    request_id: str | None = None
