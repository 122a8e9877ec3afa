"""Who listens on a port of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_LISTENS = "0A"  # the state in /proc/net/tcp


def occupant(port: int) -> str | None:
    """Return command and number of the process that listens on `port`: `python3 (pid 4711)`.

    None where that cannot be known: the process is somebody else's, or the system does not tell.
    """
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    if not sockets:
        return None
    for pid in sorted(int(folder.name) for folder in _PROC.glob("[1-9]*")):
        with suppress(OSError):
            if any(_link(file) in sockets for file in (_PROC / str(pid) / "fd").iterdir()):
                command = (_PROC / str(pid) / "comm").read_text(errors="replace").strip()
                return f"{command} (pid {pid})"
    return None


def taken_by(port: int) -> str:
    """Return who has a port that cannot be had. It looks at every process, so it is asked only for what is told."""
    return f"port {port} is taken by {occupant(port) or 'another program'}"


def _inodes(port: int) -> Iterator[str]:
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (_PROC / "net" / name).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]


def _link(file: Path) -> str:
    try:
        return str(file.readlink())
    except OSError:  # it was closed meanwhile
        return ""
