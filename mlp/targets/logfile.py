"""Reading a log that a process may still be writing."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO

from mlp.client.own_log import is_written
from mlp.client.refusals import code_of
from mlp.errors import NotFound, Precondition

_LOOK_SECONDS = 0.2
_FAR = 10
"""More than how many logs of a name are ever put aside."""


def read_log(path: Path, tail: int | None, follow: bool, since: float | None = None) -> Iterator[str]:
    """Yield the last `tail` lines (None: all), and with `follow` those written later, without their ends.

    What was put aside as `<name>.log.1` and so on belongs to it. With `since`, lines of the last so many seconds only;
    a line that tells no time is as old as the one before it. Raises NotFound (`log_not_found`), and Precondition where
    the log cannot be read.
    """
    try:
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"there is no log {path}", code="log_not_found") from None
    except OSError as error:
        raise Precondition(f"{path} cannot be read: {error.strerror}", code=code_of(error)) from error
    oldest = None if since is None else datetime.now(UTC) - timedelta(seconds=since)
    return _lines(path, file, tail, follow, oldest)


def _lines(path: Path, file: BinaryIO, tail: int | None, follow: bool, oldest: datetime | None) -> Iterator[str]:
    with file:
        if oldest is None:
            newest = deque(map(_text, file), tail)
            yield from chain(_put_aside(path, file, None if tail is None else tail - len(newest)), newest)
        else:
            yield from deque(_from(oldest, chain(_put_aside(path, file, None), map(_text, file))), tail)
        if not follow:
            return
        yield from _until_replaced(path, file)
        following = _next(path, file)
    while True:
        with following:
            yield from _until_replaced(path, following)
            successor = _next(path, following)
        following = successor


def _next(path: Path, file: BinaryIO) -> BinaryIO:
    """Open what was written after `file`: of the logs that were put aside the one before it, else the present one."""
    while True:
        place = _place(path, file)
        with suppress(FileNotFoundError):  # they are being numbered anew
            successor = (path if place <= 1 else _aside(path, place - 1)).open("rb")
            if _place(path, file) == place:
                return successor
            successor.close()


def _place(path: Path, file: BinaryIO) -> int:
    """Return the number under which a log was put aside, 0 where it is not among them, or no longer."""
    return next((number for number in range(1, _FAR) if _is(_aside(path, number), file)), 0)


def _put_aside(path: Path, present: BinaryIO, tail: int | None) -> Iterable[str]:
    """Return the last lines of the logs that were put aside before `present`, which may have been meanwhile."""
    found: deque[deque[str]] = deque()
    for number in count(_place(path, present) + 1):
        if tail is not None and tail <= 0:
            break
        try:
            with _aside(path, number).open("rb") as file:
                if os.path.sameopenfile(file.fileno(), present.fileno()):
                    continue
                found.appendleft(deque(map(_text, file), tail))
        except FileNotFoundError:
            break
        tail = None if tail is None else tail - len(found[0])
    return chain.from_iterable(found)


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


def _until_replaced(path: Path, file: BinaryIO) -> Iterator[str]:
    begun = b""
    while True:
        # Asked before reading: what was written before that is read below.
        replaced = _is_replaced(path, file) and not is_written(file.fileno())
        if file.tell() > os.fstat(file.fileno()).st_size:  # a copy was put aside, and the log emptied
            yield from _rest(_aside(path, 1), file.tell(), begun)
            begun = b""
            file.seek(0)
        begun += file.readline()
        if begun.endswith(b"\n"):
            yield _text(begun)
            begun = b""
        elif replaced:
            return
        else:
            time.sleep(_LOOK_SECONDS)


def _rest(path: Path, position: int, begun: bytes) -> Iterator[str]:
    """Yield the lines of a log that was put aside from `position` on; the first of them begins with `begun`."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        file.seek(position)
        for line in file:
            yield _text(begun + line)
            begun = b""


def _aside(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace").rstrip("\n")


def _is_replaced(path: Path, file: BinaryIO) -> bool:
    return path.exists() and not _is(path, file)


def _is(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
