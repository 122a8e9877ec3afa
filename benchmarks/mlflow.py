"""MLflow's server as a process of its own, as `benchmarks/mlflow.txt` pins it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from benchmarks.peers import environment
from benchmarks.registry_process import Running

_PATIENCE_SECONDS = 300.0


def pinned_version() -> str:
    pins = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    return next(pin.partition("==")[2] for pin in pins if pin.startswith("mlflow=="))


@contextmanager
def mlflow(folder: Path, database_url: str) -> Iterator[Running]:
    """Run it with one worker; it answers when the block begins, and ends with it."""
    programs, port = environment("mlflow"), _free_port()
    options = {
        "backend-store-uri": database_url,
        "artifacts-destination": folder / "artifacts",
        "workers": 1,
        "port": port,
    }
    command = [programs / "mlflow", "server", *(f"--{name}={value}" for name, value in options.items())]
    search = {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    with (folder / "mlflow.log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **search}, stdout=log, stderr=log, cwd=folder)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/health", process, folder / "mlflow.log")
        yield Running(url, process.pid, folder / "artifacts")
    finally:
        parent = psutil.Process(process.pid)
        every = [parent, *parent.children(recursive=True)]
        process.terminate()
        for left in psutil.wait_procs(every, timeout=30)[1]:
            left.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError(log.read_text("utf-8"))
