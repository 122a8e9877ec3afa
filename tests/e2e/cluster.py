"""The cluster that `make e2e CONTEXT=…` names, and commands that work on it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMESPACE = "ml-platform"
CONTEXT = os.environ.get("MLP_E2E_CONTEXT", "")
KUBECONFIG = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
"""The user's own, read before any test hides it."""


def what_is_missing() -> str | None:
    """Say why no story can be told on a cluster, or nothing."""
    if not CONTEXT:
        return "no cluster: make e2e CONTEXT=NAME names one of the kubeconfig, whose platform is then purged"
    return None if shutil.which("kubectl") else "kubectl is not installed"


@dataclass(frozen=True)
class ClusterLine:
    """`mlp` and `kubectl` on that cluster."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "KUBECONFIG": KUBECONFIG, "MLP_HOME": str(self.folder / "home")}

    def run(self, *arguments: str, timeout: float = 120, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mlp", *arguments, "--context", CONTEXT]
        return self._run(command, timeout, **options)

    def succeed(self, *arguments: str, **options: Any) -> str:
        ran = self.run(*arguments, **options)
        assert ran.returncode == 0, f"mlp {' '.join(arguments)} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    def kubectl(self, *arguments: str, check: bool = True, timeout: float = 120) -> str:
        command = ["kubectl", "--context", CONTEXT, "-n", NAMESPACE, *arguments]
        ran = self._run(command, timeout)
        assert not check or ran.returncode == 0, f"{' '.join(command)} ended with {ran.returncode}:\n{ran.stderr}"
        return ran.stdout

    def get(self, *arguments: str) -> dict[str, Any]:
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def _run(self, command: list[str], timeout: float, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            env=self.environment,
            cwd=self.folder,
            **({"stdin": subprocess.DEVNULL} if "input" not in options else {}),
            **options,
        )


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """Return what the condition returns as soon as that is true."""
    give_up = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < give_up, f"waited {seconds:g} s for {what}"
        time.sleep(0.5)
    return found
