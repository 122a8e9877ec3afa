"""Reading a log that a process may still be writing."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from mlp.errors import NotFound

_LOOK_SECONDS = 0.2


def read_log(path: Path, tail: int | None, follow: bool) -> Iterator[str]:
    """Yield the last `tail` lines (None: all), and with `follow` those written later, without their ends.

    A log that is put aside and begun anew is followed into the new file. Raises NotFound (`log_not_found`).
    """
    try:
        file = path.open(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise NotFound(f"there is no log {path}", code="log_not_found") from None
    return _lines(path, file, tail, follow)


def _lines(path: Path, file: IO[str], tail: int | None, follow: bool) -> Iterator[str]:
    while True:
        with file:
            yield from (line.rstrip("\n") for line in deque(file, tail))
            if not follow:
                return
            yield from _until_replaced(path, file)
        file, tail = path.open(encoding="utf-8", errors="replace"), None


def _until_replaced(path: Path, file: IO[str]) -> Iterator[str]:
    begun = ""
    while True:
        replaced = _is_replaced(path, file)  # asked before reading: what was written before that is read below
        begun += file.readline()
        if begun.endswith("\n"):
            yield begun.rstrip("\n")
            begun = ""
        elif replaced:
            return
        else:
            time.sleep(_LOOK_SECONDS)


def _is_replaced(path: Path, file: IO[str]) -> bool:
    try:
        return not os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
