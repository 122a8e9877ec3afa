"""Whether the disk of the platform's folder has room for more."""

from __future__ import annotations

import os
from pathlib import Path

_LEAST_BYTES = 1 << 20
"""With less than this free no process of the platform can start: databases and models need more."""


def lack_of_room(folder: Path) -> str | None:
    """Return what to say where the disk of `folder` is as good as full; None where there is room."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    free = found.f_bavail * found.f_frsize
    if free < _LEAST_BYTES:
        return f"no space is left on the disk of {folder} ({free // 1024} KiB are free)"
    if found.f_files and not found.f_favail:
        return f"no file fits on the disk of {folder} (all of its inodes are in use)"
    return None
