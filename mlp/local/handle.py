"""A running process, be it a child of this agent or of an earlier one: whether it has ended, and signals for it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from mlp.local.identity import birth_of, signal_group

_LOOK_SECONDS = 0.5


class Handle(Protocol):
    """A process of which this agent knows that it is the one that it means."""

    pid: int

    def ended(self) -> bool:
        """Whether it has ended."""

    def exit_code(self) -> int | None:
        """Return how it ended, negative for a signal; None where that cannot be known."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it, and what it started."""


class Started:
    """A child of this agent. The system keeps its number until `ended` was asked."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.pid = process.pid
        self._process = process

    def ended(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def exit_code(self) -> int | None:
        """Return how it ended."""
        return self._process.returncode

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it, and what it started."""
        if not self.ended():
            signal_group(self.pid, signal.SIGKILL)


class Adopted:
    """A process that an earlier agent started.

    The system tells its end to no one but its parent, so it is watched by a descriptor of the process (Linux), which
    never means another process that gets the number later; elsewhere it is looked at twice a second.
    """

    def __init__(self, pid: int, birth: str, changed: Callable[[], None], *, by_descriptor: bool | None = None) -> None:
        """Take over a process; `changed` is called when it ends. Raises ProcessLookupError where it has ended."""
        self.pid = pid
        self._birth = birth
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._has_ended = False
        self._descriptor: int | None = None
        if by_descriptor if by_descriptor is not None else hasattr(os, "pidfd_open"):
            self._descriptor = os.pidfd_open(pid)
        # Asked after the descriptor was opened: if it is that process now, the descriptor is that process's.
        if birth_of(pid) != birth:
            self._close()
            raise ProcessLookupError(pid)
        if self._descriptor is not None:
            self._loop.add_reader(self._descriptor, self._end)
        else:
            self._look()

    def ended(self) -> bool:
        """Whether it has ended."""
        return self._has_ended

    def exit_code(self) -> int | None:
        """Return None: only its parent is told."""
        return None

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it, and what it started."""
        if not self._has_ended and birth_of(self.pid) == self._birth:
            signal_group(self.pid, signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            if self._descriptor is not None:
                signal.pidfd_send_signal(self._descriptor, number)
            elif not self._has_ended and birth_of(self.pid) == self._birth:
                os.kill(self.pid, number)

    def _look(self) -> None:
        if birth_of(self.pid) == self._birth:
            self._loop.call_later(_LOOK_SECONDS, self._look)
        else:
            self._end()

    def _end(self) -> None:
        self._has_ended = True
        self._close()
        self._changed()

    def _close(self) -> None:
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None
