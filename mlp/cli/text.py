"""Words and numbers as a person reads them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlp.api.documents import Moment


def printable(text: str) -> str:
    """Return `text` with control characters replaced: what a model is called cannot steer a terminal."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cf") else c for c in text)


def columns(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table in aligned columns, as kubectl prints them; nothing is ever cut."""
    table = [list(headers), *([printable(str(cell)) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(headers))]
    lines = ("   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in table)
    return "\n".join(line.rstrip() for line in lines)


def size(count: int) -> str:
    """Return a number of bytes in the unit that a person would choose: `3.1 KiB`."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def age(moment: datetime | Moment | None) -> str:
    """Return how long ago `moment` was: `12s`, `5m`, `3h`, `2d`."""
    if moment is None:
        return "-"
    then = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    seconds = max(0, int((datetime.now(UTC) - then.astimezone(UTC)).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * length or (unit == "d" and seconds >= length):
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
