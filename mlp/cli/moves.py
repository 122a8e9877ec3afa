"""What has moved, for those who read lines: a log, a pipe, a screen reader."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

_SECONDS = 10.0


class Moves:
    """Says now and then which parts are elsewhere than when it last spoke."""

    def __init__(self, say: Callable[[str], None], *, seconds: float = _SECONDS) -> None:
        self._say = say
        self._seconds = seconds
        self._spoke = time.monotonic()
        self._said: set[str] = set()

    def __call__(self, parts: Sequence[str]) -> None:
        """Take where each part is now."""
        if time.monotonic() - self._spoke < self._seconds:
            return
        self._spoke = time.monotonic()
        for part in parts:
            if part not in self._said:
                self._say(part)
        self._said = set(parts)
