"""What is under way, for those who read lines: a log, a pipe, a screen reader."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

_SILENT_SECONDS = 2.0
_SECONDS = 10.0


class Lines:
    """Says what takes long: nothing of what is over soon, then a line a change of state, and one in ten seconds.

    `words` returns what is under way, such as `starting the platform` or `uploading, 3.1 of 9.5 MiB`.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        words: Callable[[], str],
        *,
        silent: float = _SILENT_SECONDS,
        seconds: float = _SECONDS,
    ) -> None:
        self._say = say
        self._words = words
        self._silent = silent
        self._seconds = seconds
        self._begun = time.monotonic()
        self._is_over = threading.Event()
        self._lock = threading.Lock()
        self._parts: Sequence[str] = ()
        self._said: set[str] = set()
        self._spoke: float | None = None
        self._clock = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        self._begun = time.monotonic()
        self._clock.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._clock.join()

    def __call__(self, parts: Sequence[str]) -> None:
        """Take where each part is now."""
        with self._lock:
            self._parts = parts
            if self._spoke is not None:
                self._tell_moves()

    def _tick(self) -> None:
        wait = self._silent
        while not self._is_over.wait(wait):
            with self._lock:
                now = time.monotonic()
                if self._spoke is None:
                    self._speak(f"{self._words()} …", now)
                    self._tell_moves()
                elif now - self._spoke >= self._seconds:
                    self._speak(f"{self._words()} … {now - self._begun:.0f} s", now)
                wait = max(0.01, self._seconds - (time.monotonic() - (self._spoke or now)))

    def _tell_moves(self) -> None:
        for part in self._parts:
            if part not in self._said:
                self._speak(part, time.monotonic())
        self._said = set(self._parts)

    def _speak(self, line: str, now: float) -> None:
        self._spoke = now
        self._say(line)
