"""The operator as it runs in production: a process with settings in its environment."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cluster.control_plane import end
from tests.forked import Forked, spared
from tests.programs import operator

QUICK = {
    "MLP_LEASE_SECONDS": "6",
    "MLP_RENEW_SECONDS": "4.5",
    "MLP_RETRY_SECONDS": "0.4",
    "MLP_MISSING_SECONDS": "1",
    "MLP_HEALTH_PORT": "0",
}
NO_LEASE_LOSS = {"MLP_LEASE_SECONDS": "120", "MLP_RENEW_SECONDS": "90"}
"""For tests in which the API server is away for longer than the lease."""


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 40) -> Any:
    """Return what `condition` returns as soon as that is true."""
    give_up = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < give_up, f"not within {seconds} s: {what}"
        time.sleep(0.05)
    return found


class OperatorProcess:
    """An operator, with a lease that runs out quickly."""

    def __init__(self, folder: Path, registry_url: str, namespace: str, kubeconfig: Path, **more: str) -> None:
        settings = {
            "MLP_KUBECONFIG": str(kubeconfig),
            "MLP_NAMESPACES": namespace,
            "MLP_REGISTRY_URL": registry_url,
        }
        self.log = folder / f"operator-{namespace}-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            streams = {1: log.fileno(), 2: log.fileno()}
            self.process = Forked(operator, environment=spared() | QUICK | settings | more, streams=streams)

    def lines(self) -> list[dict[str, Any]]:
        written = self.log.read_text().splitlines()
        return [json.loads(line) for line in written if line.startswith("{") and line.endswith("}")]

    def events(self) -> list[str]:
        return [line["event"] for line in self.lines()]

    def leads(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return "this process leads" in self.events()

    def wait_until_leading(self, seconds: float = 60) -> OperatorProcess:
        wait_for(self.leads, "the operator leads", seconds)
        return self

    def get(self, path: str) -> tuple[int, str]:
        """Ask a probe."""
        port = next(line["port"] for line in self.lines() if line["event"] == "started")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metric(self, name: str) -> float:
        text = self.get("/metrics")[1]
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))

    def tell_to_stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    def stop(self) -> None:
        end(self.process, 15)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
