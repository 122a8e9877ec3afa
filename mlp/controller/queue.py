"""Which keys need attention: each once, none on two workers, those that failed later and later."""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

_FIRST_RETRY_SECONDS = 0.005
_LONGEST_RETRY_SECONDS = 300.0
_RETRIES_PER_SECOND = 10.0
_RETRY_BURST = 100.0


class WorkQueue(Generic[Key]):
    """Keys that wait for a worker. Any thread may use it.

    A key that is added while a worker has it comes back when the worker is done. Failures of one key wait
    exponentially longer; failures of all keys together come back at no more than ten a second, after a first hundred.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._ready: deque[Key] = deque()
        self._dirty: set[Key] = set()
        self._processing: dict[Key, float] = {}
        self._later: list[tuple[float, int, Key]] = []
        self._due: dict[Key, float] = {}
        self._count = 0
        self._failures: dict[Key, int] = {}
        self._budget = _RETRY_BURST
        self._budget_at = time.monotonic()
        self._closed = False
        self.adds = 0
        self.retries = 0

    def add(self, key: Key) -> None:
        """Let a worker look at `key` soon."""
        with self._changed:
            self._add(key)

    def add_after(self, key: Key, seconds: float) -> None:
        """Let a worker look at `key` when `seconds` have passed, unless it is due before that already."""
        with self._changed:
            self._add_after(key, seconds)

    def retry(self, key: Key, at_least: float = 0.0) -> None:
        """Let a worker look again at `key`, which failed, after a wait of `at_least` seconds."""
        with self._changed:
            failures = self._failures.get(key, 0)
            self._failures[key] = failures + 1
            self.retries += 1
            bound = min(_FIRST_RETRY_SECONDS * 2 ** min(failures, 32), _LONGEST_RETRY_SECONDS)
            own = random.uniform(bound / 2, bound)  # noqa: S311  spreads load, keeps no secret
            self._add_after(key, max(own, at_least, self._shared_wait()))

    def forget(self, key: Key) -> None:
        """Forget the failures of `key`."""
        with self._changed:
            self._failures.pop(key, None)

    def get(self) -> Key | None:
        """Wait for a key; give it back with `done`. None when the queue was closed."""
        with self._changed:
            while not self._closed:
                wait = self._move_due()
                if self._ready:
                    key = self._ready.popleft()
                    self._dirty.discard(key)
                    self._processing[key] = time.monotonic()
                    return key
                self._changed.wait(wait)
            return None

    def done(self, key: Key) -> None:
        """Say that the worker is done with `key`."""
        with self._changed:
            del self._processing[key]
            if key in self._dirty:
                self._ready.append(key)
                self._changed.notify()

    def close(self) -> None:
        """Give out no more keys."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def depth(self) -> int:
        """Return how many keys wait for a worker now."""
        with self._changed:
            return len(self._ready)

    def longest_running(self) -> float:
        """Return for how many seconds the slowest worker has had its key."""
        with self._changed:
            now = time.monotonic()
            return now - min(self._processing.values(), default=now)

    def _add(self, key: Key) -> None:
        if key in self._dirty or self._closed:
            return
        self.adds += 1
        self._dirty.add(key)
        if key not in self._processing:
            self._ready.append(key)
            self._changed.notify()

    def _add_after(self, key: Key, seconds: float) -> None:
        due = time.monotonic() + seconds
        if self._due.get(key, due + 1) <= due:
            return
        self._due[key] = due
        self._count += 1
        heapq.heappush(self._later, (due, self._count, key))
        self._changed.notify()

    def _move_due(self) -> float | None:
        """Move what is due; return the seconds until the next one is, or None."""
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            due, _, key = heapq.heappop(self._later)
            if self._due.get(key) == due:  # otherwise it was due again before that
                del self._due[key]
                self._add(key)
        return self._later[0][0] - now if self._later else None

    def _shared_wait(self) -> float:
        """Take one retry from what all keys share; return the seconds until there is one."""
        now = time.monotonic()
        self._budget = min(_RETRY_BURST, self._budget + (now - self._budget_at) * _RETRIES_PER_SECOND)
        self._budget_at = now
        self._budget -= 1
        return max(0.0, -self._budget / _RETRIES_PER_SECOND)
