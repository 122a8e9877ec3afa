"""Packaging in a process of its own, which holds none of the caller's secrets.

Opening a pickle runs whatever code its author put there. So the command line never does it: a child does, whose
environment was stripped of tokens and passwords, and which hands back files, or one JSON document that says what
went wrong.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import mlp.errors
from mlp.api.model import Manifest
from mlp.api.wire import Answer
from mlp.errors import DeadlineExceeded, Failed, MlpError
from mlp.packaging.request import Package, PackageRequest

MODEL_FILE = "model.onnx"
SUMMARY_FILE = "package.json"
SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|DATABASE_URL", re.IGNORECASE)
TAIL = 2_000


class Summary(Answer):
    """What the child writes beside the model."""

    manifest: Manifest
    notes: tuple[str, ...]


class Report(Answer):
    """What the child says on standard output when it fails."""

    kind: str
    """The class in `mlp.errors`."""
    code: str
    message: str
    details: dict[str, Any] = {}

    @classmethod
    def of(cls, error: MlpError) -> Report:
        """Return the report of `error`; details must be JSON."""
        return cls(kind=type(error).__name__, code=error.code, message=error.message, details=dict(error.details))

    def error(self) -> MlpError:
        """Return the error again."""
        kind = getattr(mlp.errors, self.kind, Failed)
        error: MlpError = kind(self.message, code=self.code, details=self.details)
        return error


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` without any variable whose name speaks of a secret."""
    return {name: value for name, value in environment.items() if not SECRET.search(name)}


def package_in_child(
    request: PackageRequest, environment: Mapping[str, str], *, timeout: float | None = None
) -> Package:
    """Package what `request` names, in a child with `environment` stripped of secrets; `timeout` is in seconds.

    Raises the MlpError that the child met; Failed (`packaging_crashed`) when it died without a word, as a model
    that exhausts the memory makes it; DeadlineExceeded (`packaging_timeout`).
    """
    with tempfile.TemporaryDirectory(prefix="mlp-package-") as folder:
        # -P keeps the working directory off the module path until the platform's own modules are loaded.
        command = [sys.executable, "-P", "-m", "mlp.packaging", folder]
        try:
            child = subprocess.run(
                command,
                input=request.model_dump_json().encode(),
                capture_output=True,
                env=without_secrets(environment),
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise DeadlineExceeded(
                f"packaging {request.source} took longer than {timeout:g} s", code="packaging_timeout"
            ) from error
        if child.returncode != 0:
            raise _failure(request.source, child)
        summary = Summary.model_validate_json((Path(folder) / SUMMARY_FILE).read_bytes())
        return Package((Path(folder) / MODEL_FILE).read_bytes(), summary.manifest, summary.notes)


def _failure(source: str, child: subprocess.CompletedProcess[bytes]) -> MlpError:
    try:
        return Report.model_validate_json(child.stdout).error()
    except ValidationError:
        said = child.stderr.decode(errors="replace").strip()[-TAIL:]
    last = said.rpartition("\n")[2] or "it said nothing"
    how = f"exit code {child.returncode}"
    if child.returncode < 0:
        how = signal.Signals(-child.returncode).name
    return Failed(
        f"the process that packaged {source} ended with {how}: {last}",
        code="packaging_crashed",
        details={"stderr": said},
    )
