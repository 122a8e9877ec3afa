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

from mlp.client.refusals import code_of
from mlp.errors import NotFound, Precondition

_LOOK_SECONDS = 0.2


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
            yield from chain(_put_aside(path, None if tail is None else tail - len(newest)), newest)
        else:
            yield from deque(_from(oldest, chain(_put_aside(path, None), map(_text, file))), tail)
        if not follow:
            return
        yield from _until_replaced(path, file)
    while True:
        with path.open("rb") as successor:
            yield from _until_replaced(path, successor)


def _put_aside(path: Path, tail: int | None) -> Iterable[str]:
    """Return the last lines of the logs that were put aside."""
    found: deque[deque[str]] = deque()
    for number in count(1):
        if tail is not None and tail <= 0:
            break
        try:
            with _aside(path, number).open("rb") as file:
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
        replaced = _is_replaced(path, file)  # asked before reading: what was written before that is read below
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
    try:
        return not os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
