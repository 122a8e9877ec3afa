"""A measured table, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """One section of docs/benchmarks.md."""

    title: str
    command: str
    """The command that makes this table alone."""
    headers: Sequence[str]
    rows: Sequence[Sequence[object]]
    remarks: str = ""

    def markdown(self) -> str:
        lines = [f"## {self.title}", "", f"`{self.command}`", ""]
        if self.remarks:
            lines += [self.remarks, ""]
        lines += [_row(self.headers), _row(["---"] * len(self.headers)), *(_row(row) for row in self.rows), ""]
        return "\n".join(lines)


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def spread(values: Sequence[float], unit: str, digits: int = 0) -> str:
    """Return the median, and the lowest and highest value."""
    return f"{statistics.median(values):.{digits}f} {unit} ({min(values):.{digits}f} to {max(values):.{digits}f})"
