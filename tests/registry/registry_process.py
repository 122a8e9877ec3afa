"""A registry as a process, with a folder and a port of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from mlp.client.catalog import Catalog
from mlp.client.registry import RegistryClient
from mlp.registry.__main__ import main

sys.path.insert(0, str(Path(__file__).parent))  # tests of other folders come here too

from tests.forked import Forked, spared

SERVE = (sys.executable, "-m", "mlp.registry")


@dataclass
class Registry:
    """A registry on a folder: forked where it may be, started as the agent does it where `command` is given."""

    data: Path
    command: tuple[str, ...] | None = None
    settings: dict[str, str] = field(default_factory=dict)
    program: Callable[[], int | None] = main
    process: subprocess.Popen[bytes] | Forked | None = None
    url: str = ""

    def environment(self) -> dict[str, str]:
        """What its processes are given."""
        return spared() | {"MLP_REGISTRY_DATA": str(self.data), "MLP_REGISTRY_PORT": "0", **self.settings}

    def launch(self, **options: Any) -> int | None:
        """Start the process; return None once it is ready, or its exit code."""
        reader, writer = os.pipe()
        log = self.data.with_name(self.data.name + ".log")
        with log.open("ab") as stderr:
            self.process = self._begin(stderr.fileno(), writer, **options)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            told = pipe.read()
        if not told:
            return self.process.wait(10)
        assert json.loads(told)["state"] == "ready"
        self.url = f"http://127.0.0.1:{self.port()}"
        return None

    def _begin(self, log: int, ready: int, **options: Any) -> subprocess.Popen[bytes] | Forked:
        if self.command is None and not options:
            return Forked(self.program, environment=self.environment(), streams={2: log}, ready=ready)
        inherited = (ready, *options.pop("pass_fds", ()))
        environment = self.environment() | {"MLP_READY_FD": str(ready)}
        command = self.command or SERVE
        return subprocess.Popen(command, env=environment, stderr=log, pass_fds=inherited, **options)

    def start(self, **options: Any) -> Registry:
        """Start the process, which has to become ready."""
        code = self.launch(**options)
        assert code is None, f"exit code {code}:\n{self.log()}"
        return self

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; return the exit code."""
        assert self.process is not None
        self.process.send_signal(with_signal)
        return self.process.wait(20)

    def log(self) -> str:
        return self.data.with_name(self.data.name + ".log").read_text("utf-8")

    def log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log().splitlines()]

    def logged(self, request_id: str) -> dict[str, Any]:
        """Wait for the line about a request: it is written when the client has its answer already."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            found = [line for line in self.log_lines() if line.get("request_id") == request_id]
            if found:
                return found[-1]
            time.sleep(0.01)
        raise AssertionError(f"no line about request {request_id}:\n{self.log()}")

    def port(self) -> int:
        serving = [line for line in self.log_lines() if line["message"] == "serving"]
        return int(serving[-1]["port"])

    def client(self) -> RegistryClient:
        return RegistryClient(self.url)

    def catalog(self) -> closing[Catalog]:
        return closing(Catalog(self.url))

    def numbers(self, name: str, **asked: Any) -> list[int]:
        """Return the versions of a model, newest first."""
        with self.catalog() as catalog:
            return [each["version"] for each in catalog.versions(name, **asked)]

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30)


def kill(registry: Registry) -> None:
    if registry.process is not None and registry.process.poll() is None:
        registry.process.kill()
        registry.process.wait()
