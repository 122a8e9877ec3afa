"""How fast callers are refused: a refusal is cheap, but a flood of them takes the CPU that answers need."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

PER_SECOND = 500
"""Refusals that are made at full speed: so many take a twentieth of a core, and more beside a large model."""
BURST = 100
"""Refusals that are made at once after a while without any."""
_TICK_SECONDS = 0.005


class Held(Protocol):
    """A connection that is not read for now."""

    def proceed(self) -> None:
        """Read on."""


class Throttle:
    """A bucket of refusals: who is refused while it is empty gets the answer, but is not read again before it fills.

    What such a caller sends meanwhile stays in its socket and costs nothing. Those who wait are read again in their
    order, as many at a time as can be refused; those who are not refused after all take nothing from the bucket.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._left = float(BURST)
        self._filled_at = loop.time()
        self._held: deque[Held] = deque()
        self._ticking: asyncio.TimerHandle | None = None

    def refused(self, connection: Held) -> bool:
        """Count a refusal; return whether `connection` is held back, and told later to proceed."""
        self._fill()
        self._left = max(self._left - 1.0, -PER_SECOND)
        if self._left >= 0.0 and not self._held:
            return False
        self._held.append(connection)
        self._arm()
        return True

    def close(self) -> None:
        """Hold nobody any more."""
        if self._ticking is not None:
            self._ticking.cancel()
        self._held.clear()

    def _fill(self) -> None:
        now = self._loop.time()
        self._left = min(BURST, self._left + (now - self._filled_at) * PER_SECOND)
        self._filled_at = now

    def _arm(self) -> None:
        if self._ticking is None:
            self._ticking = self._loop.call_later(_TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        self._ticking = None
        self._fill()
        for _ in range(min(int(self._left), len(self._held))):
            self._held.popleft().proceed()
        if self._held:
            self._arm()
