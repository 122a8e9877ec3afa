"""A day or a moment, as people write it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mlp.errors import Invalid

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)


@dataclass(frozen=True)
class Period:
    """From `start` until just before `end`, both in UTC; a moment is a period of one microsecond."""

    start: datetime
    end: datetime

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read `2026-05-03`, the whole day in UTC, or a moment such as `2026-05-03T12:00:00+02:00`.

        A moment without an offset is in UTC. Raises Invalid (`invalid_moment`).
        """
        try:
            if _DAY.fullmatch(text):
                start = datetime.fromisoformat(text).replace(tzinfo=UTC)
                return cls(start, start + timedelta(days=1))
            if _MOMENT.fullmatch(text):
                read = datetime.fromisoformat(text.upper())
                start = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
                return cls(start, start + timedelta(microseconds=1))
        except (ValueError, OverflowError):
            pass
        raise Invalid(
            "this is neither a day such as 2026-05-03 nor a moment such as 2026-05-03T12:00:00Z", code="invalid_moment"
        )
