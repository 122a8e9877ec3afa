"""Which changes of a status are worth an event. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mlp.api.deployment import Condition, ConditionType, Status

_QUIET_ENDS = frozenset({"Suspended", "ScaledToZero"})


@dataclass(frozen=True)
class Announcement:
    """An event about a ModelDeployment, as `kubectl describe` shows it."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


def announcements(before: Status | None, after: Status) -> list[Announcement]:
    """Return what happened between two statuses: it serves, it was put to rest, it is broken in a new way."""
    found = []
    ready, degraded = after.condition(ConditionType.READY), after.condition(ConditionType.DEGRADED)
    known = before or Status()
    if ready is not None and _is_news(known.condition(ConditionType.READY), ready):
        found.append(Announcement("Normal", ready.reason, ready.message))
    if degraded is not None and _is_holding(degraded):
        earlier = known.condition(ConditionType.DEGRADED)
        if not _is_holding(earlier) or (earlier is not None and earlier.reason != degraded.reason):
            found.append(Announcement("Warning", degraded.reason, degraded.message))
    return found


def _is_news(earlier: Condition | None, ready: Condition) -> bool:
    if ready.reason in _QUIET_ENDS:
        return earlier is None or earlier.reason != ready.reason
    return _is_holding(ready) and not _is_holding(earlier)


def _is_holding(condition: Condition | None) -> bool:
    return condition is not None and condition.status == "True"
