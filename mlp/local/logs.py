"""The logs: files of JSON lines, one for each name, and the agent's own lines in them."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from mlp.client.own_log import is_written

KEPT = 3
"""How many older logs of a name there are at most."""
_COPY_BYTES = 1_048_576
_TAIL_BYTES = 16_384
_log = logging.getLogger(__name__)
_PLAIN = frozenset(vars(logging.makeLogRecord({})))


def open_log(path: Path) -> int:
    """Return a descriptor that appends to the log."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def rotate(path: Path, limit: int) -> bool:
    """Put a log of more than `limit` bytes aside as `<name>.log.1`, earlier ones as `.2` and `.3`; return whether.

    It is renamed where those who write to it go on in the file that has its name then (`mlp.client.own_log`), and not a
    byte is lost. Others could not be told to open another file; for them it is copied and emptied, and a line that
    one of them writes in between may be lost.
    """
    try:
        if path.stat().st_size <= limit:
            return False
    except FileNotFoundError:
        return False
    for number in range(KEPT - 1, 0, -1):
        with suppress(FileNotFoundError):
            _aside(path, number).replace(_aside(path, number + 1))
    with path.open("r+b") as log:
        if is_written(log.fileno()):
            _rename(path)
        else:
            _copy(log, _aside(path, 1))
    return True


def _rename(path: Path) -> None:
    """Put an empty log in the place of this one; there is never none."""
    fresh = path.with_name(f"{path.name}.new")
    os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    _aside(path, 1).hardlink_to(path)
    fresh.replace(path)


def _copy(log: BinaryIO, path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as aside:
        shutil.copyfileobj(log, aside, _COPY_BYTES)
        aside.flush()
        log.truncate(0)


async def tend(folder: Path, limit: int, seconds: float) -> None:
    """Look every so many seconds, until cancelled, whether a log in the folder is larger than `limit` bytes."""
    is_refused = False
    while True:
        await asyncio.sleep(seconds)
        try:
            await asyncio.to_thread(_rotate_all, folder, limit)
            is_refused = False
        except OSError as error:
            if not is_refused:  # said once: what is said lands in a log too
                _log.warning("a log cannot be put aside", extra={"why": str(error)})
            is_refused = True


def _rotate_all(folder: Path, limit: int) -> None:
    for path in folder.glob("*.log"):
        rotate(path, limit)


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last lines of a log, none where there is no log."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return log.read().decode(errors="replace").splitlines()[-count:]
    except OSError:
        return []


def _aside(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


class JsonLines(logging.Formatter):
    """A line of JSON for each record, with what was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line.update({key: value for key, value in vars(record).items() if key not in _PLAIN})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
