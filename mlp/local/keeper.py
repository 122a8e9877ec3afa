"""Keeps what should run under one name: its listening socket, its processes, and what went wrong with them."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mlp import __version__
from mlp.api.agent import ProcessStatus
from mlp.api.history import DeploymentEvent
from mlp.client.refusals import reason_of, words_of
from mlp.client.room import lack_of_room
from mlp.errors import Conflict
from mlp.local.attempts import UNEXPLAINED, Attempts, Backoff, Ending
from mlp.local.launch import Launch
from mlp.local.left import Left
from mlp.local.occupant import taken_by
from mlp.local.process import Child, start
from mlp.local.reconcile import Action, Close, Kill, Phase, Process, Seen, Start, Stop, Wanted, reconcile
from mlp.local.records import ProcessRecord, Slot
from mlp.local.sockets import Sockets

_FOR_WANT_OF_ROOM = (UNEXPLAINED, "SchemaUpgradeFailed", "DataUnusable", "DatabaseUnusable", "CacheUnusable")
"""Why processes say that they cannot start, or end without a word, where the disk is full."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """What all keepers of an agent share."""

    run: Path
    """Where running processes are recorded."""
    sockets: Sockets
    start_seconds: float
    end_seconds: float
    """How long a process may take to end when it is asked to."""
    backoff: Backoff
    changed: Callable[[], None]
    """Called when a process ends that an earlier agent started."""
    tell: Callable[[str, DeploymentEvent], None]
    """Called with the name of a keeper and what happened to one of its processes."""


@dataclass
class _Kept:
    """A process, and until when it must have got on."""

    child: Child
    deadline: float | None
    late: bool = False

    def seen(self) -> Process:
        child, record = self.child, self.child.record
        deadline = None if child.phase is Phase.READY else self.deadline
        is_outdated = record.program != __version__
        return Process(child.pid, record.revision, child.phase, child.digest, deadline, is_outdated)


class Keeper:
    """Keeps the processes of one name on one port.

    `launch` says how a revision is started. A keeper never waits: `step` does what can be done now.
    """

    def __init__(
        self, name: str, port: int, launch: Callable[[int], Launch], options: Options, uid: str | None = None
    ) -> None:
        self.name = name
        self.port = port
        self.uid = uid
        self._launch = launch
        self._options = options
        self._listener: socket.socket | None = None
        self._children: dict[int, _Kept] = {}
        self._attempts: dict[int, Attempts] = {}
        self._restarts = 0
        self._next_attempt_at: datetime | None = None

    def seen(self) -> Seen:
        """Return what runs, as it was when last looked at."""
        processes = tuple(kept.seen() for kept in self._children.values())
        return Seen(processes, self._listener is not None, self._attempts)

    def open(self) -> socket.socket:
        """Listen on the port, unless that is so already. Raises Conflict (`port_taken`)."""
        if self._listener is None:
            self._listener = self._options.sockets.listen(self.port)
        return self._listener

    def close(self) -> None:
        """Listen no more."""
        if self._listener is not None:
            self._options.sockets.close(self.port)
            self._listener = None

    def owns(self, record: ProcessRecord) -> bool:
        """Whether a process that an earlier agent started is one of those that this keeper would start."""
        return (record.name, record.uid, record.port) == (self.name, self.uid, self.port)

    def adopt(self, left: Left) -> None:
        """Go on with a process that an earlier agent started."""
        try:
            child = Child.adopt(left.slot, left.record, self._options.changed)
        except ProcessLookupError:
            left.slot.clear()
            return
        self._restarts = max(self._restarts, left.record.restarts)
        patience = self._options.end_seconds if child.phase is Phase.DRAINING else self._options.start_seconds
        self._children[child.pid] = _Kept(child, time.monotonic() + patience)
        words = {"child": self.name, "pid": child.pid, "revision": left.record.revision, "phase": child.phase.value}
        _log.info("a process of an earlier agent was taken over", extra=words)
        self._tell("TakenOver", "a new agent took the process over", child)

    def look(self) -> bool | None:
        """Look at processes that start: return whether one is ready now, or None where none starts."""
        starting = [kept.child for kept in self._children.values() if kept.child.phase is Phase.STARTING]
        ready = [child for child in starting if child.look()]
        for child in ready:
            self._tell("Ready", f"version {child.record.revision} has proved itself and answers", child)
        return bool(ready) if starting else None

    def forgive(self) -> None:
        """Forget failures: what failed may be tried again at once."""
        self._attempts.clear()
        self._next_attempt_at = None

    def step(self, wanted: Wanted) -> float | None:
        """Bring what runs nearer to `wanted`; return when to look again, in seconds of the monotonic clock."""
        self._bury(wanted)
        while True:
            plan = reconcile(wanted, self.seen(), time.monotonic())
            if not plan.actions:
                return plan.wake_at
            for action in plan.actions:
                self._act(action, wanted.generation)

    def statuses(self) -> list[ProcessStatus]:
        """Return a line for each process, or one that says why there is none."""
        last = max(self._attempts.values(), key=lambda attempts: attempts.next_at, default=None)
        common = ProcessStatus(
            name=self.name,
            state="stopped" if last is None else "waiting",
            port=self.port,
            restarts=self._restarts,
            reason=last.reason if last is not None else None,
            message=last.last.message if last is not None else "",
            failures=last.failures if last is not None else 0,
            version=last.last.revision or None if last is not None else None,
            next_attempt_at=self._next_attempt_at if last is not None else None,
        )
        return [self._status(common, kept.child) for kept in self._children.values()] or [common]

    @staticmethod
    def _status(common: ProcessStatus, child: Child) -> ProcessStatus:
        is_well_again = child.phase is Phase.READY and common.version == child.record.revision
        return common.model_copy(
            update={
                "state": child.phase.value,
                "reason": None if is_well_again else common.reason,
                "pid": child.pid,
                "version": child.record.revision or None,
                "digest": child.digest,
                "started_at": child.record.started_at,
                "is_adopted": child.is_adopted,
            }
        )

    def _bury(self, wanted: Wanted) -> None:
        """Take notice of the processes that have ended, and of what that means."""
        for pid, kept in list(self._children.items()):
            if not kept.child.ended():
                continue
            del self._children[pid]
            if kept.child.phase is not Phase.DRAINING:
                self._failed(self._ending(kept))
            kept.child.clear()
        proved = {kept.child.record.revision for kept in self._children.values() if kept.child.phase is Phase.READY}
        if wanted.revision in proved:
            self._attempts = {revision: known for revision, known in self._attempts.items() if revision in proved}

    def _failed(self, ending: Ending) -> None:
        self._restarts += 1
        earlier, now = self._attempts.get(ending.revision), time.monotonic()
        self._attempts[ending.revision] = attempts = self._options.backoff.after(earlier, ending, now)
        self._next_attempt_at = datetime.now(UTC) + timedelta(seconds=attempts.next_at - now)
        extra = {"child": self.name, "revision": ending.revision, "reason": attempts.reason, "why": ending.message}
        _log.warning("a process failed", extra=extra)
        event = DeploymentEvent(
            at=datetime.now(UTC),
            type="Warning",
            reason=attempts.reason,
            message=ending.message,
            version=ending.revision or None,
        )
        self._options.tell(self.name, event)

    def _tell(self, reason: str, message: str, child: Child) -> None:
        event = DeploymentEvent(
            at=datetime.now(UTC),
            type="Normal",
            reason=reason,
            message=message,
            version=child.record.revision or None,
            pid=child.pid,
        )
        self._options.tell(self.name, event)

    def _ending(self, kept: _Kept) -> Ending:
        child, said = kept.child, kept.child.termination()
        if kept.late:
            reason = "ProgressDeadlineExceeded"
            message = f"the process was not ready within {self._options.start_seconds:g} s"
        elif said is not None:
            reason, message = said.reason, said.message
        else:
            reason, message = UNEXPLAINED, child.exit_words()
        full = lack_of_room(self._options.run.parent) if child.ready_seconds() is None else None
        if full is not None and reason in _FOR_WANT_OF_ROOM:
            reason, message = "DiskFull", f"{full}: {message}"
        record = child.record
        return Ending(record.revision, record.generation, reason, message, child.ready_seconds())

    def _act(self, action: Action, generation: int) -> None:
        match action:
            case Start(revision):
                self._start(revision, generation)
            case Stop(pid):
                kept = self._children[pid]
                kept.child.stop()
                self._tell("Draining", f"version {kept.child.record.revision} finishes what it has", kept.child)
                kept.deadline = time.monotonic() + self._options.end_seconds
            case Kill(pid):
                kept = self._children[pid]
                kept.late, kept.deadline = True, None
                kept.child.kill()
            case Close():
                self.close()

    def _start(self, revision: int, generation: int) -> None:
        slot = Slot.new(self._options.run, self.name)
        try:
            launch, record = self._launch(revision), self._record(revision, generation)
            child = start(launch, self.open(), slot, record)
        except Conflict:
            self._failed(Ending(revision, generation, "PortTaken", taken_by(self.port)))
        except OSError as error:
            slot.clear()
            self._failed(
                Ending(revision, generation, reason_of(error), f"the process cannot be started: {words_of(error)}")
            )
        else:
            self._children[child.pid] = _Kept(child, time.monotonic() + self._options.start_seconds)
            self._tell("Started", f"version {revision} was started", child)

    def _record(self, revision: int, generation: int) -> ProcessRecord:
        known = {"port": self.port, "uid": self.uid, "restarts": self._restarts}
        planned = ProcessRecord.planned(self._options.run, self.name)
        return planned.model_copy(update={"revision": revision, "generation": generation, **known})
