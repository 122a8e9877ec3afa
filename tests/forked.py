"""Processes forked from one that has imported services and command line already: all but the seconds of imports.

What is about a start itself goes through `python -m …` instead.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import IO, Any

from mlp.cli.app import main as mlp

_IMPORTED = (
    "mlp.registry.__main__",
    "mlp.registry.migrations.upgrade",
    "mlp.cli.root",
    "mlp.cli.command",
    "mlp.client.registry",
    "mlp.local.__main__",
    "mlp.inference.__main__",
    "mlp.controller.__main__",
    "tests.forked",
)
_FORKED: Any = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(list(_IMPORTED))
Program = Callable[[], int | None]


class Forked:
    """A process that runs `program`, as far as tests use `subprocess.Popen`.

    `streams` are the files of descriptors 0, 1 and 2, and without 0 there is nothing to read; `ready` is the end of the
    pipe that MLP_READY_FD names. With `session` it leads a session of its own.
    """

    def __init__(
        self,
        program: Program,
        *arguments: str,
        environment: Mapping[str, str],
        streams: Mapping[int, int],
        ready: int | None = None,
        folder: Path | None = None,
        session: bool = False,
    ) -> None:
        handed = {number: DupFd(descriptor) for number, descriptor in streams.items()}
        pipe = None if ready is None else DupFd(ready)
        place = _Place(dict(environment), handed, pipe, folder or Path.cwd(), session)
        self._process = _FORKED.Process(target=_run, args=(program, arguments, place))
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
            raise subprocess.TimeoutExpired("a forked process", timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def mlp_command(*arguments: str, timeout: float = 90, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `mlp` with these settings and no others; it has no terminal and nothing to read."""
    return complete(mlp, *arguments, environment=spared() | settings, timeout=timeout)


def complete(
    program: Program,
    *arguments: str,
    environment: Mapping[str, str],
    timeout: float = 90,
    stdin: str = "",
    folder: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, in `folder` or that of this process; it reads `stdin`, and is ended after `timeout`."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin.encode())
        given.seek(0)
        streams = {0: given.fileno(), 1: out.fileno(), 2: err.fileno()}
        process = Forked(program, *arguments, environment=environment, streams=streams, folder=folder)
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        return subprocess.CompletedProcess(arguments, code, _content(out), _content(err))


def _content(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8")


def spared() -> dict[str, str]:
    """Return the environment without what sets mlp."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("MLP_", "DATABASE_"))}


@dataclass(frozen=True)
class _Place:
    """What a process finds around itself."""

    environment: dict[str, str]
    handed: dict[int, Any]
    ready: Any
    folder: Path
    session: bool


def _run(program: Program, arguments: tuple[str, ...], place: _Place) -> None:
    if place.session:
        os.setsid()
    for number, descriptor in place.handed.items():
        os.dup2(descriptor.detach(), number)
    os.environ.clear()
    os.environ.update(place.environment)
    if place.ready is not None:
        os.environ["MLP_READY_FD"] = str(place.ready.detach())
    os.chdir(place.folder)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  multiprocessing has closed it
    sys.argv = ["mlp", *arguments]
    sys.exit(program())
