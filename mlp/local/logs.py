"""The logs: files of JSON lines, one for each name, and the agent's own lines in them."""

from __future__ import annotations

import json
import logging
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

_PLAIN = frozenset(vars(logging.makeLogRecord({})))


def open_log(path: Path, limit: int) -> int:
    """Return a descriptor that appends to the log; one of more than `limit` bytes is put aside as `<name>.log.1`."""
    with suppress(FileNotFoundError):
        if path.stat().st_size > limit:
            path.replace(path.with_name(f"{path.name}.1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


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
