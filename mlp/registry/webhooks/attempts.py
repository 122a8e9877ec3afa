"""When a delivery is tried again. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

MOST_ATTEMPTS = 15
"""With a first pause of 5 seconds, the last one comes after about 5 hours."""
_LONGEST_PAUSE = 3_600.0
_GONE = 410


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt: the status of an answer, or why there is none."""

    status: int | None = None
    error: str | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


def next_attempt(outcome: Outcome, attempts: int, first_pause: float, now: datetime) -> datetime | None:
    """Return when to try again after so many attempts, or None: delivered, gone for good, or tried often enough."""
    if outcome.is_delivered or outcome.status == _GONE or attempts >= MOST_ATTEMPTS:
        return None
    pause = min(first_pause * 2 ** (attempts - 1), _LONGEST_PAUSE)
    return now + timedelta(seconds=pause * random.uniform(0.8, 1.2))  # noqa: S311  spreads load, guards nothing
