"""What the API server refused, so that it is not asked the same thing again with every look."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass

from mlp.controller.watch import Key
from mlp.kube.faults import Problem
from mlp.kube.resource import Object, Resource


@dataclass(frozen=True)
class _Refused:
    spec: tuple[str, int]
    problems: Mapping[Resource, Problem]
    until: float


class Refusals:
    """Refused children of each ModelDeployment, for `seconds` and up to half as long again, or until its spec changes.

    Several threads may use it, each for another ModelDeployment.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._known: dict[Key, _Refused] = {}

    def standing(self, key: Key, obj: Object) -> dict[Resource, Problem]:
        """Return what was refused of the spec as it is, and is not to be tried yet."""
        known = self._known.get(key)
        if known is None or known.spec != _spec_of(obj) or time.monotonic() >= known.until:
            self._known.pop(key, None)
            return {}
        return dict(known.problems)

    def note(self, key: Key, obj: Object, problems: Mapping[Resource, Problem]) -> float | None:
        """Keep what is refused now; return the seconds until it is to be tried again, or None if nothing is."""
        known = self._known.pop(key, None)
        if not problems:
            return None
        now = time.monotonic()
        wait = self._seconds * random.uniform(1.0, 1.5)  # noqa: S311  spreads load, keeps no secret
        until = known.until if known is not None else now + wait
        self._known[key] = _Refused(_spec_of(obj), problems, until)
        return max(0.0, until - now)

    def forget(self, key: Key) -> None:
        """Forget a ModelDeployment that is gone."""
        self._known.pop(key, None)


def _spec_of(obj: Object) -> tuple[str, int]:
    return obj["metadata"]["uid"], obj["metadata"]["generation"]
