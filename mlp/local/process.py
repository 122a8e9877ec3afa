"""One process that serves, from its start or its adoption to its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from mlp.local.handle import Adopted, Handle, Started
from mlp.local.launch import Launch
from mlp.local.logs import open_log
from mlp.local.reconcile import Phase
from mlp.local.records import ProcessRecord, Slot, Termination


class Child:
    """A process that was started on an inherited socket and says in a file when it is ready."""

    def __init__(self, handle: Handle, slot: Slot, record: ProcessRecord) -> None:
        self.record = record
        self.phase = Phase.DRAINING if record.is_draining else Phase.STARTING
        self.digest: str | None = None
        self.pid = handle.pid
        self._handle = handle
        self._slot = slot
        self._ready_at: float | None = None

    @classmethod
    def adopt(cls, slot: Slot, record: ProcessRecord, changed: Callable[[], None]) -> Self:
        """Take over a process of an earlier agent. Raises ProcessLookupError where it has ended meanwhile."""
        if record.pid is None or record.birth is None:
            raise ProcessLookupError(record.name)
        child = cls(Adopted(record.pid, record.birth, changed), slot, record)
        child.look()
        return child

    @property
    def is_adopted(self) -> bool:
        """Whether an earlier agent started it."""
        return isinstance(self._handle, Adopted)

    def look(self) -> bool:
        """Look whether a process that starts has become ready; return whether it has just now."""
        said = self._slot.said_ready() if self._ready_at is None else None
        if said is None:
            return False
        self.digest, self._ready_at = said[0].digest, said[1]
        if self.phase is Phase.STARTING:
            self.phase = Phase.READY
        return True

    def ended(self) -> bool:
        """Whether the process has ended."""
        if not self._handle.ended():
            return False
        self.look()  # it may have become ready and ended since it was last looked at
        return True

    def stop(self) -> None:
        """Ask the process to finish what it has and end."""
        self.phase = Phase.DRAINING
        self.record = self.record.model_copy(update={"is_draining": True})
        with suppress(OSError):  # a full disk must not keep it from ending
            self._slot.write(self.record)
        self._handle.terminate()

    def kill(self) -> None:
        """End the process, and those that it started, at once."""
        self._handle.kill()

    def clear(self) -> None:
        """Forget the files of the process, which has ended."""
        self._slot.clear()

    def ready_seconds(self) -> float | None:
        """Return how long the process has been ready, or was; None where it never was."""
        return None if self._ready_at is None else max(0.0, time.time() - self._ready_at)

    def termination(self) -> Termination | None:
        """Return what the process wrote of its end, if it did."""
        return self._slot.said_last()

    def exit_words(self) -> str:
        """Return how the process ended, in words."""
        code = self._handle.exit_code()
        if code is None:
            how = "ended, an earlier agent's child, so that its exit code is not known"
        else:
            how = f"was ended by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
        return f"the process {how}" if self._ready_at is not None else f"the process {how} before it was ready"


def start(launch: Launch, listener: socket.socket, slot: Slot, record: ProcessRecord) -> Child:
    """Start a process that outlives this one; it is recorded before it is there, and with its number once it is.

    Raises OSError where it cannot be started or recorded; then there is none.
    """
    slot.write(record)
    process = _spawn(launch, listener, slot)
    record = record.started(process.pid)
    child = Child(Started(process), slot, record)
    try:
        slot.write(record)
    except OSError:
        child.kill()
        process.wait()
        raise
    return child


def _spawn(launch: Launch, listener: socket.socket, slot: Slot) -> subprocess.Popen[bytes]:
    ready = os.open(slot.ready, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        log = open_log(launch.log)
        try:
            return subprocess.Popen(
                launch.command,
                env={
                    **launch.environment,
                    "MLP_LISTEN_FD": str(listener.fileno()),
                    "MLP_READY_FD": str(ready),
                    Slot.MARK: str(slot.termination),
                },
                cwd=launch.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(listener.fileno(), ready),
                start_new_session=True,
            )
        finally:
            os.close(log)
    finally:
        os.close(ready)


def _signal_name(number: int) -> str:
    try:
        return f"{signal.Signals(number).name} (signal {number})"
    except ValueError:  # a real-time signal
        return f"signal {number}"
