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
from importlib.util import find_spec
from typing import BinaryIO

from mlp.client.home import Home
from mlp.client.refusals import code_of
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
        with suppress(OSError, ValueError, KeyError, TypeError):
            said = json.loads(self._home.agent_failure.read_bytes())
            kind = Precondition if code == _CANNOT_START else Failed
            return kind(said["message"], code=_snake_case(said["reason"]))
        log = self._home.log("agent")
        return Failed(f"the agent ended with exit code {code}; {log} says more", code="agent_failed")


def sweep(home: Home) -> None:
    """End what a killed agent left behind. Raises Failed (`agent_failed`), Precondition (`home_not_writable` …)."""
    try:
        log = _open_log(home)
    except OSError as error:
        raise Precondition(f"{home.root} cannot be written: {error.strerror}", code=code_of(error)) from error
    with log:
        ran = subprocess.run(
            [*_COMMAND, "--sweep"],
            env=_environment(home),
            cwd=home.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
        )
    if ran.returncode != 0:
        raise Failed(f"leftover processes could not be ended; {home.log('agent')} says more", code="agent_failed")


def _open_log(home: Home) -> BinaryIO:
    return os.fdopen(os.open(home.log("agent"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def _environment(home: Home) -> dict[str, str]:
    return {**os.environ, "MLP_HOME": str(home.root), "MLP_TERMINATION_FILE": str(home.agent_failure)}


def _snake_case(reason: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", reason).lower()
