"""The processes of this machine that an agent started for a folder, found by what they carry, not by what is recorded.

Each has the name of its own termination file in its environment, and the folder as its working directory. Environments
can be read on Linux alone, and those of one's own processes; elsewhere nothing is found.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARK = "MLP_TERMINATION_FILE"
"""The variable in a process's environment that tells whose it is."""
_PROC = Path("/proc")
_FILE = re.compile(r"(?P<slot>(?P<name>.+)\.[0-9a-f]{8})\.(?:termination|json)")


@dataclass(frozen=True)
class Marked:
    """A process that an agent started, the leader of its group."""

    pid: int
    name: str
    """`registry`, a deployment, or the process that holds the sockets."""
    slot: str
    """The stem of the files that it has in `run/`."""


def can_be_found() -> bool:
    """Whether this system lets processes be found; where it does, none that runs is missed."""
    return (_PROC / "self" / "stat").exists()


def slot_name(file: str) -> str | None:
    """Return whose the file of that name in `run/` is; None where an agent writes no such file."""
    found = _FILE.fullmatch(file)
    return None if found is None else found["name"]


def marked(root: Path) -> Iterator[Marked]:
    """Yield the processes that an agent started for the folder `root`, wherever that lies now, and that still run."""
    try:
        home = root.stat()
    except OSError:
        return
    for folder in _PROC.glob("[1-9]*") if can_be_found() else ():
        with suppress(OSError):
            found = _FILE.fullmatch(Path(_mark_of(folder)).name)
            pid = int(folder.name)
            # A copy of the folder may lie where the original was: the working directory tells them apart.
            if found is None or os.getpgid(pid) != pid or not os.path.samestat((folder / "cwd").stat(), home):
                continue
            yield Marked(pid, found["name"], found["slot"])


def _mark_of(folder: Path) -> str:
    """Return the value of the mark; empty where a process has none, or has ended and waits to be taken notice of."""
    prefix = f"{MARK}=".encode()
    for word in (folder / "environ").read_bytes().split(b"\0"):
        if word.startswith(prefix):
            return os.fsdecode(word.removeprefix(prefix))
    return ""
