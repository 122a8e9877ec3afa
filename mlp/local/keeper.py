"""Keeps what should run under one name: its listening socket, its processes, and what went wrong with them."""

from __future__ import annotations

import errno
import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlp.api.agent import ProcessStatus
from mlp.errors import Conflict
from mlp.local.attempts import Attempts, Backoff, Ending
from mlp.local.launch import Launch
from mlp.local.ports import listen
from mlp.local.process import Child, start
from mlp.local.reconcile import Action, Close, Kill, Phase, Process, Seen, Start, Stop, Wanted, reconcile
from mlp.local.records import Slot

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """What all keepers of an agent share."""

    run: Path
    """Where running processes are recorded."""
    start_seconds: float
    end_seconds: float
    """How long a process may take to end when it is asked to."""
    backoff: Backoff
    changed: Callable[[], None]
    """Called when a process says that it is ready."""


@dataclass
class _Kept:
    """A child, what it is for, and until when it must have got on."""

    child: Child
    revision: int
    generation: int
    deadline: float | None
    late: bool = False

    def seen(self) -> Process:
        phase = self.child.phase
        deadline = None if phase is Phase.READY else self.deadline
        return Process(self.child.pid, self.revision, phase, self.child.digest, deadline)


class Keeper:
    """Keeps the processes of one name on one port.

    `launch` says how a revision is started. A keeper never waits: `step` does what can be done now.
    """

    def __init__(self, name: str, port: int, launch: Callable[[int], Launch], options: Options) -> None:
        self.name = name
        self.port = port
        self._launch = launch
        self._options = options
        self._listener: socket.socket | None = None
        self._children: dict[int, _Kept] = {}
        self._attempts: dict[int, Attempts] = {}
        self._restarts = 0

    def seen(self) -> Seen:
        """Return what runs, as it was when last looked at."""
        processes = tuple(kept.seen() for kept in self._children.values())
        return Seen(processes, self._listener is not None, self._attempts)

    def open(self) -> socket.socket:
        """Listen on the port, unless that is so already. Raises Conflict (`port_taken`)."""
        if self._listener is None:
            self._listener = listen(self.port)
        return self._listener

    def close(self) -> None:
        """Listen no more."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def forgive(self) -> None:
        """Forget failures: what failed may be tried again at once."""
        self._attempts.clear()

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
        message = last.last.message if last is not None else ""
        if not self._children:
            state = "stopped" if last is None else "waiting"
            idle = ProcessStatus(name=self.name, state=state, port=self.port, restarts=self._restarts, message=message)
            return [idle]
        return [
            ProcessStatus(
                name=self.name,
                state=kept.child.phase,
                pid=kept.child.pid,
                port=self.port,
                restarts=self._restarts,
                started_at=kept.child.started_at,
                message=message,
            )
            for kept in self._children.values()
        ]

    def _bury(self, wanted: Wanted) -> None:
        """Take notice of the processes that have ended, and of what that means."""
        for pid, kept in list(self._children.items()):
            if not kept.child.ended():
                continue
            del self._children[pid]
            if kept.child.phase is not Phase.DRAINING:
                self._failed(self._ending(kept))
            kept.child.clear()
        proved = {kept.revision for kept in self._children.values() if kept.child.phase is Phase.READY}
        if wanted.revision in proved:
            self._attempts = {revision: known for revision, known in self._attempts.items() if revision in proved}

    def _failed(self, ending: Ending) -> None:
        self._restarts += 1
        earlier = self._attempts.get(ending.revision)
        self._attempts[ending.revision] = self._options.backoff.after(earlier, ending, time.monotonic())
        extra = {"child": self.name, "revision": ending.revision, "reason": ending.reason, "why": ending.message}
        _log.warning("a process failed", extra=extra)

    def _ending(self, kept: _Kept) -> Ending:
        child, said = kept.child, kept.child.termination()
        if kept.late:
            reason = "ProgressDeadlineExceeded"
            message = f"the process was not ready within {self._options.start_seconds:g} s"
        elif said is not None:
            reason, message = said.reason, said.message
        else:
            reason, message = "CrashLooping", child.exit_words()
        return Ending(kept.revision, kept.generation, reason, message, child.ready_seconds())

    def _act(self, action: Action, generation: int) -> None:
        match action:
            case Start(revision):
                self._start(revision, generation)
            case Stop(pid):
                kept = self._children[pid]
                kept.child.stop()
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
            child = start(self._launch(revision), self.open(), slot, self._options.changed)
        except Conflict as taken:
            self._failed(Ending(revision, generation, "PortTaken", taken.message))
        except OSError as error:
            slot.clear()
            self._failed(Ending(revision, generation, _reason(error), f"the process cannot be started: {error}"))
        else:
            deadline = time.monotonic() + self._options.start_seconds
            self._children[child.pid] = _Kept(child, revision, generation, deadline)


def _reason(error: OSError) -> str:
    return "DiskFull" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "CannotStart"
