"""Whether requests come one by one or several at a time."""

from __future__ import annotations

import asyncio

_MANY = 3
"""Requests in one turn of the event loop; a few are answered sooner one by one than by way of a queue."""


class Crowd:
    """Remembers how many requests the last turn of the event loop brought: the next one will bring about as many."""

    def __init__(self) -> None:
        self._now = 0
        self._was_large = False

    def joined(self) -> bool:
        """Count a request; return whether it will have company."""
        if not self._now:
            asyncio.get_running_loop().call_soon(self._turn)
        self._now += 1
        return self._was_large

    def _turn(self) -> None:
        self._was_large = self._now >= _MANY
        self._now = 0
