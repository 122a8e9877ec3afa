"""The file that this process writes its log to, as stderr: whoever puts it aside leaves a new one under its name.

What a process has open stays open when it is renamed, so each goes on to the new file by itself: nothing is written
between two files, and nobody has to know all who write. Others see by a lock that a file is being written.
"""

from __future__ import annotations

import fcntl
import os
import stat
import threading
import time
from contextlib import suppress
from pathlib import Path

_STDOUT, _STDERR = 1, 2
_LOOK_SECONDS = 1.0


class OwnLog:
    """Keeps stderr, and stdout where that is the same file, in the file `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: int | None = None
        """A descriptor of its own, for the lock: those of stderr go to children, who would hold it too."""

    @classmethod
    def keep(cls, path: Path | None, look_seconds: float = _LOOK_SECONDS) -> None:
        """Look for a new file now and every so many seconds; do nothing for no path, or where stderr is no file."""
        if path is None or not stat.S_ISREG(os.fstat(_STDERR).st_mode):
            return
        own = cls(path)
        own.look()
        threading.Thread(target=own._keep_looking, args=(look_seconds,), name="own-log", daemon=True).start()

    def look(self) -> None:
        """Go on in the file that has the name now, unless that is the one that is written already."""
        with suppress(OSError):  # a full disk, a folder that is gone: the old file is written on
            if self._held is None or not _has_name(self._path, self._held):
                self._go_on()

    def _go_on(self) -> None:
        stream = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            held = _locked(self._path)
            if held is None or not _is_same(os.fstat(held), os.fstat(stream)):
                _close(held)  # somebody is about to put it aside: the next look finds what comes then
                return
            before = os.fstat(_STDERR)
            for number in (_STDOUT, _STDERR):
                if _is_same(os.fstat(number), before):
                    os.dup2(stream, number)
        finally:
            os.close(stream)
        _close(self._held)
        self._held = held

    def _keep_looking(self, seconds: float) -> None:
        while True:
            time.sleep(seconds)
            self.look()


def is_written(descriptor: int) -> bool:
    """Whether a process that goes on to new files has this one open still.

    Where none has, nobody begins to before `descriptor` is closed.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:  # a file system without locks: nobody holds one
        return isinstance(error, BlockingIOError)
    return False


def _has_name(path: Path, descriptor: int) -> bool:
    try:
        return _is_same(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _locked(path: Path) -> int | None:
    held = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        return None
    return held


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)


def _is_same(one: os.stat_result, other: os.stat_result) -> bool:
    return os.path.samestat(one, other)
