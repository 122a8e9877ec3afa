"""Starting the agent of this machine, in the background and by its name alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import BinaryIO

from mlp.client.home import Home
from mlp.client.refusals import code_of
from mlp.client.room import lack_of_room
from mlp.errors import Failed, MlpError, Precondition

_EXTRA = ("starlette", "uvicorn", "fastapi", "sqlmodel", "aiosqlite", "alembic", "onnx", "onnxruntime", "msgspec")
_COMMAND = (sys.executable, "-P", "-m", "mlp.local")
_CANNOT_START = 3


def require_extra() -> None:
    """Raise Precondition (`missing_extra`) unless what the platform's processes import is installed."""
    missing = [package for package in _EXTRA if find_spec(package) is None]
    if missing:
        raise Precondition(
            f"the local platform needs packages that are not installed ({', '.join(missing)}): "
            "pip install 'mlp[local]'",
            code="missing_extra",
            details={"extra": "local", "packages": missing},
        )


class AgentProcess:
    """An agent that was started for a folder, and goes on when this process ends."""

    def __init__(self, home: Home, process: subprocess.Popen[bytes]) -> None:
        self._home = home
        self._process = process

    @classmethod
    def start(cls, home: Home, settings: Mapping[str, str]) -> AgentProcess:
        """Start an agent with these settings besides those of the environment."""
        home.agent_failure.unlink(missing_ok=True)
        with _open_log(home) as log:
            process = subprocess.Popen(
                _COMMAND,
                env={**_environment(home), **settings},
                cwd=home.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        # Whoever starts a process has to take notice of its end, here as in a notebook that goes on for days.
        threading.Thread(target=process.wait, daemon=True).start()
        return cls(home, process)

    def failure(self) -> MlpError | None:
        """Return why the agent ended, or None while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        return _failure(self._home, code)


@dataclass(frozen=True)
class Damaged:
    """A record of a process that could not be read."""

    file: str
    name: str
    pid: int | None
    """The process that was found all the same, and ended; None where none runs."""


def sweep(home: Home) -> list[Damaged]:
    """End what an agent left behind; return the records that could not be read, which are gone then.

    Raises Failed (`agent_failed`), Precondition (`home_not_writable`, `home_too_new` …).
    """
    try:
        home.agent_failure.unlink(missing_ok=True)
        log = _open_log(home)
    except OSError as error:
        raise Precondition(f"{home.root} cannot be written: {error.strerror}", code=code_of(error)) from error
    with log:
        ran = subprocess.run(
            [*_COMMAND, "--sweep"],
            env=_environment(home),
            cwd=home.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            check=False,
        )
    if ran.returncode != 0:
        raise _failure(home, ran.returncode)
    return [Damaged(**line) for line in json.loads(ran.stdout)]


def _failure(home: Home, code: int) -> MlpError:
    """Return why an agent ended with that exit code, in its own words if it left some."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        said = json.loads(home.agent_failure.read_bytes())
        kind = Precondition if code == _CANNOT_START else Failed
        return kind(said["message"], code=_snake_case(said["reason"]))
    full = lack_of_room(home.root)  # which also keeps it from saying so
    if full is not None:
        return Precondition(f"the agent cannot start: {full}", code="disk_full")
    log = home.log("agent")
    return Failed(f"the agent ended with exit code {code}; {log} says more", code="agent_failed")


def _open_log(home: Home) -> BinaryIO:
    return os.fdopen(os.open(home.log("agent"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def _environment(home: Home) -> dict[str, str]:
    return {**os.environ, "MLP_HOME": str(home.root), "MLP_TERMINATION_FILE": str(home.agent_failure)}


def _snake_case(reason: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", reason).lower()
