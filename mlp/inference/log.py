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
    """Send every log record of this process to stderr as JSON, from `level` (a lower-case name) up."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLine())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # The HTTP client logs URLs and headers, and a presigned URL is a secret.
    for talkative in ("httpx", "httpcore", "urllib3"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


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
