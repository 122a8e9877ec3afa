"""What a backup holds, in a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlp.cli.text import size


def contents_text(contents: Mapping[str, Any]) -> str:
    """Return how much `python -m mlp.registry backup` and `… restore` told of: `2 models, 3 versions, 1.2 MiB`."""
    rows = contents["rows"]
    counted = (_counted(rows[f"{noun}s"], noun) for noun in ("model", "version"))
    return ", ".join([*counted, size(contents["blob_bytes"])])


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
