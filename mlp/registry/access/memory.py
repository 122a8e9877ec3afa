"""Who holds a token, remembered for so short a while that a revocation is felt in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from mlp.registry.access.caller import Caller

SECONDS = 3.0
"""A revoked token is refused after this long in every replica, and at once in the one that revoked it."""
_MOST = 10_000


@dataclass(frozen=True)
class Memory:
    """What was found for a hash; None that there is no such token."""

    caller: Caller | None
    until: float


class TokenMemory:
    """The tokens that were asked for lately, by hash."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._memories: dict[str, Memory] = {}

    def now(self) -> float:
        """Return the moment from which something that is looked up now counts."""
        return self._clock()

    def recall(self, hash_: str) -> Memory | None:
        """Return what is remembered of a hash, or None."""
        memory = self._memories.get(hash_)
        return memory if memory is not None and memory.until > self._clock() else None

    def remember(self, hash_: str, caller: Caller | None, since: float) -> None:
        """Remember what the look-up that began at `since` found. The oldest memories make room."""
        self._memories.pop(hash_, None)
        while len(self._memories) >= _MOST:
            del self._memories[next(iter(self._memories))]
        self._memories[hash_] = Memory(caller, since + SECONDS)

    def forget(self, hash_: str) -> None:
        """Look that hash up again when it comes."""
        self._memories.pop(hash_, None)
