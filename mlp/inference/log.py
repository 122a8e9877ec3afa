"""Log lines: one JSON object each, on stderr.

The event is the message, its fields are the one mapping given as argument: `LOG.info("ready", {"port": 8001})`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

LOG = logging.getLogger("mlp.inference")


def configure(level: str) -> None:
    """Send records to stderr as JSON: our own from `level` (a lower-case name) up, those of libraries from warning."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLine())
    # Below that, libraries log what is a secret: the URL of a download may be a presigned one.
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    LOG.setLevel(level.upper())


def name_model(name: str, version: int, digest: str) -> None:
    """Let every line from now on say which model this process serves."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, _JsonLine):
            handler.formatter.model = {"model": name, "version": version, "digest": digest}


class _JsonLine(logging.Formatter):
    model: Mapping[str, object] = {}

    def format(self, record: logging.LogRecord) -> str:
        fields = record.args if isinstance(record.args, Mapping) else {}
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **self.model,
            **fields,
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)
