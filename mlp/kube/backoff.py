"""The wait after a failure."""

from __future__ import annotations

import random


class Backoff:
    """A random wait below a bound that doubles with each failure in a row, from `first` to `longest` seconds.

    Full jitter: a thousand clients that failed at once do not come back at once.
    """

    def __init__(self, first: float = 0.8, longest: float = 30.0) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    def reset(self) -> None:
        """Forget the failures."""
        self._failures = 0

    def next(self) -> float:
        """Count a failure and return the seconds to wait."""
        bound = min(self._first * 2 ** min(self._failures, 32), self._longest)
        self._failures += 1
        return random.uniform(0, bound)  # noqa: S311  spreads load, keeps no secret
