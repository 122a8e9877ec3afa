"""Processes forked from one that has imported the registry already: all but the seconds that its imports take.

What is about the start itself goes through `python -m mlp.registry` instead.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from multiprocessing.reduction import DupFd
from typing import Any

_FORKED: Any = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["mlp.registry.__main__"])


class Forked:
    """A process that runs `program`, as far as tests use `subprocess.Popen`. `ready` is the end of a pipe."""

    def __init__(self, program: Callable[..., Any], arguments: tuple[str, ...], **given: Any) -> None:
        handed = {name: DupFd(descriptor) for name, descriptor in given.pop("descriptors").items()}
        self._process = _FORKED.Process(target=_run, args=(program, arguments, given["environment"], handed))
        self._process.start()
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        code: int | None = self._process.exitcode
        return code

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("a forked registry", timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _run(
    program: Callable[..., Any], arguments: tuple[str, ...], environment: Mapping[str, str], handed: Mapping[str, Any]
) -> None:
    os.dup2(handed["log"].detach(), 2)
    os.environ.clear()
    os.environ.update(environment, MLP_READY_FD=str(handed["ready"].detach()))
    sys.argv = [program.__module__, *arguments]
    sys.exit(program(*arguments))
