"""A table that a command shows, whose columns `--fields` can name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlp.cli.text import columns


class Table:
    """Headers and rows; `str` makes of them what a person reads, with the lines `above` and `below` them.

    `empty` is said where there are no rows. Columns are fields, too: LAST USED is `last_used`.
    """

    def __init__(
        self,
        headers: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        empty: str = "",
        above: str = "",
        below: str = "",
        is_one: bool = False,
    ) -> None:
        self._headers = headers
        self._rows = rows
        self._empty = empty
        self._above = above
        self._below = below
        self.is_one = is_one
        """Whether the only row shows the whole document."""

    def __str__(self) -> str:
        if not self._rows and self._empty:
            return "\n".join(filter(None, (self._above, self._empty)))
        return "\n\n".join(filter(None, (self._above, columns(self._headers, self._rows), self._below)))

    @property
    def fields(self) -> list[str]:
        """The columns as fields."""
        return [header.lower().replace(" ", "_") for header in self._headers]

    def records(self) -> list[dict[str, Any]]:
        """Return the rows by field; what the table shows as `-` is null."""
        return [
            {field: None if cell == "-" else cell for field, cell in zip(self.fields, row, strict=True)}
            for row in self._rows
        ]
