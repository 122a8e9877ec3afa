"""Programs to compare with, each in a virtual environment of its own: their pins are not ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_FOLDER = Path(os.environ.get("MLP_BENCH_PEERS", _HERE.parent / ".peers"))


def environment(name: str) -> Path:
    """Return the `bin` folder of the environment that `benchmarks/NAME.txt` pins; it is made where there is none."""
    programs = _FOLDER / name / "bin"
    if not programs.exists():
        subprocess.run([sys.executable, "-m", "venv", programs.parent], check=True)
        install = [programs / "pip", "install", "--quiet", "--no-deps", "--requirement", _HERE / f"{name}.txt"]
        subprocess.run(install, check=True)
    return programs
