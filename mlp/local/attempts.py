"""Failures in a row, and how long to wait after them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

UNEXPLAINED = "ProcessEnded"
"""The reason of a process that ended and did not say why."""
_LOOPING = "CrashLooping"
_MANY = 3


@dataclass(frozen=True)
class Ending:
    """How a process ended that should have gone on."""

    revision: int
    generation: int
    """The generation of the spec that it was started for."""
    reason: str
    """One CamelCase word."""
    message: str
    ready_seconds: float | None = None
    """How long it had been ready; None where it never was."""


@dataclass(frozen=True)
class Attempts:
    """What went wrong with one revision lately."""

    failures: int
    """In a row."""
    next_at: float
    """When it may be started again, in seconds of the monotonic clock."""
    last: Ending

    @property
    def many(self) -> bool:
        """Whether there were so many in a row that it will not come right by being started again."""
        return self.failures >= _MANY

    @property
    def reason(self) -> str:
        """Why it last ended; what ends again and again without a word has a reason of its own."""
        return _LOOPING if self.many and self.last.reason == UNEXPLAINED else self.last.reason


@dataclass(frozen=True)
class Backoff:
    """The wait after a failure: `first` seconds, doubled with each failure in a row, at most `longest`."""

    first: float
    longest: float
    steady: float
    """Seconds of good running after which earlier failures no longer count."""

    def after(self, earlier: Attempts | None, ending: Ending, now: float) -> Attempts:
        """Return the attempts with one more failure; a new generation or a steady run begins anew."""
        fresh = (
            earlier is None
            or earlier.last.generation != ending.generation
            or (ending.ready_seconds is not None and ending.ready_seconds >= self.steady)
        )
        failures = 1 if fresh or earlier is None else earlier.failures + 1
        wait = min(self.first * 2 ** min(failures - 1, 32), self.longest)
        return Attempts(failures, now + wait, ending)
