"""`python -m mlp.registry` for one task: a backup, a restore, a migration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from mlp import errors
from mlp.cli.session import Session
from mlp.client.home import Home

_DATA = "MLP_REGISTRY_DATA"


def run_registry(session: Session, action: str, *arguments: str) -> dict[str, Any]:
    """Run `python -m mlp.registry ACTION` where the registry's data are; return what it told.

    Those are the data of the server whose settings the environment holds (MLP_REGISTRY_DATA among them), or else of
    this machine's platform. Raises what the process said, and Precondition (`registry_elsewhere`) where the commands
    of this environment speak to a registry that neither of them is.
    """
    environment = _environment(session, action)
    session.screen.detail(f"registry: {environment[_DATA]}")
    command = [sys.executable, "-P", "-m", "mlp.registry", action, *arguments]
    ran = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        raise _failure(ran.stderr, ran.returncode)
    told: dict[str, Any] = json.loads(ran.stdout) if ran.stdout else {}
    return told


def _environment(session: Session, action: str) -> Mapping[str, str]:
    if os.environ.get(_DATA):
        return os.environ
    elsewhere = session.settings.registry_url
    if elsewhere is None and (session.flags.target or session.settings.target) == "kubernetes":
        elsewhere = "the cluster's registry"
    if elsewhere is not None:
        raise errors.Precondition(
            f"{elsewhere} keeps its data elsewhere, and this works on the data themselves",
            code="registry_elsewhere",
            details={"action": action},
        )
    # A DATABASE_URL in the user's shell belongs to some other program.
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("MLP_", "DATABASE_"))}
    return plain | {_DATA: str(Home.locate(session.settings.home).registry)}


def _failure(stderr: str, code: int) -> errors.MlpError:
    """Return the error that the process wrote as its last line, or what is left of one that it did not."""
    lines = stderr.strip().splitlines()
    with suppress(IndexError, ValueError, KeyError, TypeError, AttributeError):
        line = json.loads(lines[-1])
        if "code" in line:
            kind: type[errors.MlpError] = getattr(errors, line["kind"])
            return kind(line["message"], code=line["code"])
        return errors.Invalid(line["message"], code="invalid_option")
    last = lines[-1] if lines else "it said nothing"
    if "No module named" in last:
        details = {"extra": "registry"}
        return errors.Precondition(
            f"the registry is not installed here ({last})", code="missing_extra", details=details
        )
    return errors.Failed(f"the registry's process ended with {code}: {last}", code="registry_process_failed")
