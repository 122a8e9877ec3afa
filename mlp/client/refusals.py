"""What it means that the system refuses to read or write the platform's folder: a code, or a reason. Pure."""

from __future__ import annotations

import errno

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_RIGHT = (errno.EROFS, errno.EACCES, errno.EPERM)


def code_of(error: OSError) -> str:
    """Return the code under which the command line knows it."""
    if error.errno in _NO_ROOM:
        return "disk_full"
    return "home_not_writable" if error.errno in _NO_RIGHT else "folder_unusable"


def reason_of(error: OSError) -> str:
    """Return why a process cannot be started, as one word."""
    return "DiskFull" if error.errno in _NO_ROOM else "CannotStart"


def words_of(error: OSError) -> str:
    """Return what the system refuses, without its number."""
    where = "" if error.filename is None else str(error.filename)
    if error.errno in _NO_ROOM:
        return f"no space is left for {where}" if where else "no space is left on the disk"
    return f"{where}: {error.strerror or error}" if where else error.strerror or str(error)
