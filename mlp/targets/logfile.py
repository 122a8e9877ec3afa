"""Reading a log that a process may still be writing."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from mlp.errors import NotFound

_LOOK_SECONDS = 0.2


def read_log(path: Path, tail: int | None, follow: bool, since: float | None = None) -> Iterator[str]:
    """Yield the last `tail` lines (None: all), and with `follow` those written later, without their ends.

    With `since`, lines of the last so many seconds only; a line that tells no time is as old as the one before it.
    A log that is put aside and begun anew is followed into the new file. Raises NotFound (`log_not_found`).
    """
    try:
        file = path.open(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise NotFound(f"there is no log {path}", code="log_not_found") from None
    oldest = None if since is None else datetime.now(UTC) - timedelta(seconds=since)
    return _lines(path, file, tail, follow, oldest)


def _lines(path: Path, file: IO[str], tail: int | None, follow: bool, oldest: datetime | None) -> Iterator[str]:
    while True:
        with file:
            lines = file if oldest is None else _from(oldest, file)
            yield from (line.rstrip("\n") for line in deque(lines, tail))
            if not follow:
                return
            yield from _until_replaced(path, file)
        file, tail = path.open(encoding="utf-8", errors="replace"), None


def _from(oldest: datetime, lines: Iterable[str]) -> Iterator[str]:
    """Leave out lines until one tells a time that is not older; the platform's lines are JSON and have a time."""
    is_recent = False
    for line in lines:
        is_recent = is_recent or _is_from(oldest, line)
        if is_recent:
            yield line


def _is_from(oldest: datetime, line: str) -> bool:
    try:
        return datetime.fromisoformat(json.loads(line)["time"]) >= oldest
    except (ValueError, KeyError, TypeError):
        return False


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
