"""How the user calls this program, so that what is suggested can be typed as it stands."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def program() -> str:
    """Return `mlp` where the shell finds it, else the path that was typed, as in `.venv/bin/mlp`."""
    called = Path(sys.argv[0])
    if shutil.which("mlp") is not None or called.name != "mlp":
        return "mlp"
    try:
        return str(called.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(called)
