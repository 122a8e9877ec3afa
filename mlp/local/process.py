"""One child process, from its start to its end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from mlp.api.wire import Answer
from mlp.local.launch import Launch
from mlp.local.logs import open_log
from mlp.local.reconcile import Phase
from mlp.local.records import Slot

_READY_BYTES = 65_536


class Termination(Answer):
    """Why a process could not start, in its own words."""

    reason: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z]*$")]
    message: str = ""


class _Readiness(Answer):
    """The line that says that a process is ready."""

    state: Literal["ready"]
    digest: str | None = None


class Child:
    """A process that was started on an inherited socket and says through a pipe when it is ready."""

    def __init__(
        self, process: subprocess.Popen[bytes], slot: Slot, ready_pipe: int, changed: Callable[[], None]
    ) -> None:
        self.phase = Phase.STARTING
        self.started_at = datetime.now(UTC)
        self.digest: str | None = None
        self._process = process
        self._slot = slot
        self._changed = changed
        self._ready_at: float | None = None
        self._pipe: int | None = ready_pipe
        self._said = b""
        asyncio.get_running_loop().add_reader(ready_pipe, self._listen)

    @property
    def pid(self) -> int:
        """The process's id; it is not given to another one before `ended` was asked."""
        return self._process.pid

    def ended(self) -> bool:
        """Whether the process has ended."""
        if self._process.poll() is None:
            return False
        self._hang_up()
        return True

    def stop(self) -> None:
        """Ask the process to finish what it has and end."""
        self.phase = Phase.DRAINING
        self._process.terminate()

    def kill(self) -> None:
        """End the process, and those that it started, at once."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def clear(self) -> None:
        """Forget the files of the process, which has ended."""
        self._slot.clear()

    def ready_seconds(self) -> float | None:
        """Return how long the process has been ready, or was; None where it never was."""
        return None if self._ready_at is None else time.monotonic() - self._ready_at

    def termination(self) -> Termination | None:
        """Return what the process wrote of its end, if it did."""
        with suppress(OSError, ValidationError):
            return Termination.model_validate_json(self._slot.termination.read_bytes())
        return None

    def exit_words(self) -> str:
        """Return how the process ended, in words."""
        code = self._process.returncode
        how = f"was ended by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
        return f"the process {how}" if self._ready_at is not None else f"the process {how} before it was ready"

    def _listen(self) -> None:
        """Read the ready line; whatever the end of the pipe means otherwise is told by the end of the process."""
        chunk = os.read(self._pipe, _READY_BYTES) if self._pipe is not None else b""
        self._said += chunk
        if chunk and b"\n" not in self._said and len(self._said) < _READY_BYTES:
            return
        self._hang_up()
        with suppress(ValidationError):
            self.digest = _Readiness.model_validate_json(self._said).digest
            self._ready_at = time.monotonic()
            if self.phase is Phase.STARTING:
                self.phase = Phase.READY
        self._changed()

    def _hang_up(self) -> None:
        if self._pipe is not None:
            asyncio.get_running_loop().remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


def start(launch: Launch, listener: socket.socket, slot: Slot, changed: Callable[[], None]) -> Child:
    """Start a process that outlives this one, and record it. Raises OSError where it cannot be started or recorded."""
    ready, said = os.pipe()
    try:
        process = _spawn(launch, listener, slot.termination, said)
    except BaseException:
        os.close(ready)
        raise
    finally:
        os.close(said)
    child = Child(process, slot, ready, changed)
    try:
        slot.write(launch.name, process.pid)
    except OSError:
        child.kill()
        process.wait()
        child.ended()
        raise
    return child


def _spawn(launch: Launch, listener: socket.socket, termination: Path, said: int) -> subprocess.Popen[bytes]:
    contract = {
        "MLP_LISTEN_FD": str(listener.fileno()),
        "MLP_READY_FD": str(said),
        "MLP_TERMINATION_FILE": str(termination),
    }
    log = open_log(launch.log, launch.log_bytes)
    try:
        return subprocess.Popen(
            launch.command,
            env={**launch.environment, **contract},
            cwd=launch.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(listener.fileno(), said),
            start_new_session=True,
        )
    finally:
        os.close(log)
