"""Which process a number means: process ids are given again, a pair of id and birth is not. Likewise for folders."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def birth_of(pid: int) -> str | None:
    """Return a word that tells this process from every other one that had or gets its id; None if it has ended.

    A process that has ended and waits for its parent to notice counts as ended.
    """
    return _from_proc(pid) if _has_proc() else _from_ps(pid)


def place_of(folder: Path) -> str:
    """Return a word for this very folder: a copy of it has another one, a moved one has not."""
    found = folder.stat()
    return f"{found.st_dev}:{found.st_ino}"


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signal a process that leads a group, and the group; it may have ended meanwhile."""
    with suppress(ProcessLookupError):
        os.killpg(pid, number)


def _has_proc() -> bool:
    return (_PROC / "self" / "stat").exists()


def _from_proc(pid: int) -> str | None:
    try:
        # The name in parentheses may hold anything; state is the first field after it, the start time the twentieth.
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def _from_ps(pid: int) -> str | None:
    command = ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    state, _, birth = answer.stdout.strip().partition(" ")
    return birth.strip() if state and not state.startswith("Z") else None
