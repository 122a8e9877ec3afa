"""Programs to compare with, each in a virtual environment of its own: their pins are not ours.

`python -m benchmarks.peers NAME…` makes environments of the model servers in `peer_servers/`; those that are not there
are left out of a run. MLP_BENCH_PEERS names the folder that holds them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_FOLDER = Path(os.environ.get("MLP_BENCH_PEERS", _HERE.parent / ".peers"))
SERVERS = _HERE / "peer_servers"


def environment(name: str, pins: Path | None = None) -> Path:
    """Return the `bin` folder of the environment that `benchmarks/NAME.txt` pins; it is made where there is none."""
    programs = _FOLDER / name / "bin"
    if not programs.exists():
        subprocess.run([sys.executable, "-m", "venv", programs.parent], check=True)
        pins = pins or _HERE / f"{name}.txt"
        subprocess.run([programs / "pip", "install", "--quiet", "--no-deps", "--requirement", pins], check=True)
    return programs


def pinned(pins: Path, package: str) -> str:
    """Return the version of a package in a file of pins."""
    lines = pins.read_text(encoding="utf-8").splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith(f"{package}=="))


def server_python(name: str) -> Path | None:
    """Return the Python of a model server's environment, or None where nobody has made it."""
    python = _FOLDER / f"{name}_server" / "bin" / "python"
    return python if python.exists() else None


if __name__ == "__main__":
    for each in sys.argv[1:]:
        environment(f"{each}_server", SERVERS / f"{each}_server.txt")
