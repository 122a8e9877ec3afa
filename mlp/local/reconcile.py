"""What to do so that what runs becomes what should run. Pure: it starts and ends nothing itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mlp.api.deployment import ModelDeployment, Spec
from mlp.local.attempts import Attempts

_HELD_SECONDS = 1.0  # callers wait this long for a process to come back; beyond it they are refused at once


class Phase(StrEnum):
    """Where a process stands."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    """It was told to end, and finishes what it has."""


@dataclass(frozen=True)
class Process:
    """A process as it is seen."""

    pid: int
    revision: int
    phase: Phase
    digest: str | None = None
    deadline: float | None = None
    """When it must be ready, or ended, in seconds of the monotonic clock."""
    is_outdated: bool = False
    """Another version of mlp started it: it goes on until one of this version can take its place."""


@dataclass(frozen=True)
class Seen:
    """All that runs under one name."""

    processes: tuple[Process, ...] = ()
    listening: bool = False
    attempts: Mapping[int, Attempts] = field(default_factory=dict)
    """Failures by revision."""

    def failed(self, revision: int, generation: int) -> Attempts | None:
        """Return the failures of a revision, unless they belong to an earlier generation of the spec."""
        attempts = self.attempts.get(revision)
        return attempts if attempts is not None and attempts.last.generation == generation else None


@dataclass(frozen=True)
class Wanted:
    """What should run under one name."""

    revision: int | None
    """What should answer: a model's version; None for nothing."""
    generation: int
    stable: int | None = None
    """What answered last. It goes on, and is started again, until `revision` answers."""
    is_alone: bool = False
    """Whether two processes can never run side by side; callers then wait for the second one to start."""


@dataclass(frozen=True)
class Start:
    """Start a process of this revision."""

    revision: int


@dataclass(frozen=True)
class Stop:
    """Ask a process to finish what it has and end."""

    pid: int


@dataclass(frozen=True)
class Kill:
    """End a process that did not become ready, or did not end, in time."""

    pid: int


@dataclass(frozen=True)
class Close:
    """Listen no more: nothing will answer soon, and callers had better know."""


Action = Start | Stop | Kill | Close


@dataclass(frozen=True)
class Plan:
    """Actions to take now, in order, and when to look again though nothing else happens."""

    actions: tuple[Action, ...]
    wake_at: float | None = None


def asleep(spec: Spec) -> bool:
    """Whether the spec asks for no process at all."""
    return spec.replicas == 0 and not (spec.autoscaling is not None and spec.autoscaling.enabled)


def wanted_of(deployment: ModelDeployment) -> Wanted:
    """Return what a deployment asks for; a suspended one asks for what it served last."""
    spec, status = deployment.spec, deployment.status
    served = status.served_version if status is not None else None
    revision: int | None = spec.model_version
    if spec.suspend:
        revision = served
    elif asleep(spec):
        revision = None
    return Wanted(revision, deployment.metadata.generation or 1, stable=served)


def reconcile(wanted: Wanted, seen: Seen, now: float) -> Plan:
    """Compare what should run with what is seen at `now`, in seconds of the monotonic clock."""
    live = [each for each in seen.processes if each.phase is not Phase.DRAINING]
    kept = _kept(wanted, live)
    running = {each.revision for each in live if not each.is_outdated}
    due = {revision: _due(wanted, seen, revision, now) for revision in kept if revision not in running}
    deadlines = {each.pid: each.deadline for each in seen.processes if each.deadline is not None}

    kills = [Kill(pid) for pid, deadline in deadlines.items() if deadline <= now]
    over = [each for each in live if each.revision not in kept or (each.is_outdated and _replaced(each, wanted, live))]
    stops = [Stop(each.pid) for each in over if Kill(each.pid) not in kills]
    has_room = not (wanted.is_alone and seen.processes)
    starts = [Start(revision) for revision, at in due.items() if at <= now and has_room]
    answers_soon = len(stops) < len(live) or min(due.values(), default=math.inf) <= now + _HELD_SECONDS
    closes = [Close()] if seen.listening and not answers_soon else []

    later = [at for at in due.values() if at > now]
    return Plan((*kills, *closes, *stops, *starts), min([*later, *deadlines.values()], default=None))


def _replaced(old: Process, wanted: Wanted, live: list[Process]) -> bool:
    """Whether an outdated process may go: another one does its work, or has to wait for its end."""
    if wanted.is_alone or old.phase is Phase.STARTING:
        return True
    return any(each.revision == old.revision and each.phase is Phase.READY and not each.is_outdated for each in live)


def _kept(wanted: Wanted, live: list[Process]) -> tuple[int, ...]:
    """Return the revisions that should have a process, the one that answers first."""
    if wanted.revision is None:
        return ()
    proved = any(process.revision == wanted.revision and process.phase is Phase.READY for process in live)
    if proved or wanted.stable is None or wanted.stable == wanted.revision:
        return (wanted.revision,)
    return (wanted.stable, wanted.revision)


def _due(wanted: Wanted, seen: Seen, revision: int, now: float) -> float:
    """Return when a revision may be started: at once, unless it failed for this very spec."""
    attempts = seen.failed(revision, wanted.generation)
    return now if attempts is None else attempts.next_at
