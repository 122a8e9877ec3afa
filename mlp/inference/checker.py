"""The registry's checker, asked for its verdict on files that no registry has judged.

It runs as a process of its own (`python -m mlp.registry.check MODEL MANIFEST`), because that is where a hostile graph
may hang, crash or eat memory; this server imports nothing of it.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from mlp.errors import Failed, Invalid, Precondition

_MODULE = "mlp.registry.check"
_SECONDS = 60


def check_files(model: Path, manifest: Path) -> None:
    """Return if the checker takes the model; raise Invalid with its code and message if it does not.

    Raises Precondition (`checker_missing`) where it is not installed, Failed (`checker_failed`) where it gives no
    verdict.
    """
    if not _is_installed():
        raise Precondition(
            "a model from a file is judged by the registry's checker, which is not installed: "
            "pip install 'mlp[registry]', or push the model and serve it from the registry",
            code="checker_missing",
        )
    command = [sys.executable, "-m", _MODULE, str(model), str(manifest)]
    try:
        judged = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"the checker gave no verdict within {_SECONDS} s", code="checker_failed") from error
    verdict = _verdict(judged.stdout)
    if not verdict["ok"]:
        raise Invalid(str(verdict["message"]), code=str(verdict["code"]))


def _is_installed() -> bool:
    try:
        return importlib.util.find_spec(_MODULE) is not None and importlib.util.find_spec("onnx") is not None
    except ModuleNotFoundError:
        return False


def _verdict(output: bytes) -> dict[str, Any]:
    try:
        verdict: dict[str, Any] = json.loads(output)
    except ValueError as error:
        raise Failed("the checker ended without a verdict", code="checker_failed") from error
    return verdict
