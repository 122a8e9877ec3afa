"""A registry as a process, with a folder and a port of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from mlp.client.registry import RegistryClient


@dataclass
class Registry:
    """`python -m mlp.registry` on a folder, as the agent starts it."""

    data: Path
    command: tuple[str, ...] = (sys.executable, "-m", "mlp.registry")
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    url: str = ""

    def environment(self) -> dict[str, str]:
        """What its processes are given."""
        spared = {name: value for name, value in os.environ.items() if not name.startswith(("MLP_", "DATABASE_"))}
        return spared | {"MLP_REGISTRY_DATA": str(self.data), "MLP_REGISTRY_PORT": "0", **self.settings}

    def launch(self, **options: Any) -> int | None:
        """Start the process; return None once it is ready, or its exit code."""
        reader, writer = os.pipe()
        environment = self.environment() | {"MLP_READY_FD": str(writer)}
        log = self.data.with_name(self.data.name + ".log")
        with log.open("ab") as stderr:
            self.process = subprocess.Popen(
                self.command,
                env=environment,
                stderr=stderr,
                pass_fds=(writer, *options.pop("pass_fds", ())),
                **options,
            )
        os.close(writer)
        with os.fdopen(reader) as pipe:
            told = pipe.read()
        if not told:
            return self.process.wait(10)
        assert json.loads(told)["state"] == "ready"
        self.url = f"http://127.0.0.1:{self.port()}"
        return None

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

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30)


def kill(registry: Registry) -> None:
    if registry.process is not None and registry.process.poll() is None:
        registry.process.kill()
        registry.process.wait()
