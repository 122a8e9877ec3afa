"""A registry as a process of its own, for a measurement."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PORT = 18000


@dataclass(frozen=True)
class Running:
    """Where it listens, its process, and its data."""

    url: str
    pid: int
    data: Path


@contextmanager
def registry(folder: Path, **settings: str) -> Iterator[Running]:
    """Run a registry on the folder `data` in `folder`; it is ready when the block begins, and ends with it."""
    reader, writer = os.pipe()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLP_", "DATABASE_"))}
    environment |= {
        "MLP_REGISTRY_DATA": str(folder / "data"),
        "MLP_REGISTRY_PORT": str(PORT),
        "MLP_READY_FD": str(writer),
        **settings,
    }
    with (folder / "log").open("wb") as log:
        command = (sys.executable, "-m", "mlp.registry")
        process = subprocess.Popen(command, env=environment, stderr=log, pass_fds=(writer,))
    os.close(writer)
    try:
        with os.fdopen(reader) as pipe:
            if not pipe.read():
                raise RuntimeError((folder / "log").read_text("utf-8"))
        yield Running(f"http://127.0.0.1:{PORT}", process.pid, folder / "data")
    finally:
        process.terminate()
        process.wait(30)
