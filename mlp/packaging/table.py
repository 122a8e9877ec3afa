"""Rows as users give them: files and in-process objects, read into one form.

CSV, JSON (records or lists of lists), Parquet and .npy files; data frames, arrays and lists. Cells stay as they were
given: what a feature's dtype is, and which rows are proved on, is decided elsewhere.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlp.errors import Invalid, NotFound, Precondition, Unsupported

TEXT = "text"
"""The one column of a list of strings."""


@dataclass(frozen=True)
class Table:
    """Rows and their columns, in the order given. `named` says whether the columns had names of their own."""

    frame: pd.DataFrame
    named: bool

    def without(self, column: str | None) -> Table:
        """Return the table without `column`, if it has it."""
        if not self.named or column not in self.frame.columns:
            return self
        return Table(self.frame.drop(columns=[column]), named=True)

    def split(self, target: str) -> tuple[Table, list[Any]]:
        """Return the other columns, and the cells of `target`; raise Invalid (`missing_target`) when it is missing."""
        if not self.named or target not in self.frame.columns:
            raise Invalid(
                f"the evaluation has no column {target!r}; its columns are {', '.join(self.frame.columns)}",
                code="missing_target",
            )
        return self.without(target), self.frame[target].tolist()


def read_table(path: Path) -> Table:
    """Read the file at `path` by its suffix."""
    readers = {".csv": _read_csv, ".json": _read_json, ".parquet": _read_parquet, ".npy": _read_npy}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise Unsupported(
            f"{path.name} is of no known format: use .csv, .json, .parquet or .npy", code="unsupported_format"
        )
    if not path.is_file():
        raise NotFound(f"there is no file {path}", code="file_not_found", details={"path": str(path)})
    try:
        return table_of(reader(path))
    except (ValueError, OSError) as error:  # UnicodeDecodeError, JSONDecodeError and the parsers' own are ValueErrors
        raise Invalid(f"{path.name} cannot be read: {error}", code="unreadable_file") from error


def table_of(rows: object) -> Table:
    """Return `rows` as a table: a data frame, an array of shape [rows, features], a list of dicts or of lists.

    A series, or a list of strings, is one column.
    """
    if isinstance(rows, Table):
        return rows
    if isinstance(rows, np.ndarray) and rows.ndim != 2:
        raise Invalid(f"an array of rows has two dimensions, not {rows.ndim}", code="invalid_sample")
    if isinstance(rows, pd.Series):
        rows = rows.to_frame()
    if isinstance(rows, list) and rows and all(isinstance(row, str) for row in rows):
        rows = pd.DataFrame({TEXT: rows})
    if not isinstance(rows, pd.DataFrame | np.ndarray | list):
        raise Invalid(
            f"rows are a data frame, an array, or a list of dicts or lists, not {type(rows).__name__}",
            code="invalid_sample",
        )
    named = isinstance(rows, pd.DataFrame) or (isinstance(rows, list) and all(isinstance(row, dict) for row in rows))
    frame = _frame(rows, named=named)
    if len(frame) == 0 or len(frame.columns) == 0:
        raise Invalid("the sample holds no rows", code="empty_sample")
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated) > 0:
        raise Invalid(f"column {repeated[0]!r} appears twice", code="duplicate_column")
    return Table(frame, named)


def _frame(rows: Any, *, named: bool) -> pd.DataFrame:
    if isinstance(rows, list) and not named:
        widths = {len(row) if isinstance(row, list | tuple) else -1 for row in rows}
        if len(widths) > 1 or -1 in widths:
            raise Invalid("rows are all records, or all lists of the same length", code="invalid_sample")
    frame = pd.DataFrame(rows).reset_index(drop=True).infer_objects()
    frame.columns = pd.Index([str(name) for name in frame.columns], dtype=object)
    return frame


def _read_csv(path: Path) -> object:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file), [])
    if not header:
        raise Invalid(f"{path.name} is empty", code="empty_sample")
    if all(_is_number(cell) for cell in header):
        return pd.read_csv(path, header=None, encoding="utf-8-sig").to_numpy()
    if len(set(header)) < len(header):
        raise Invalid(f"{path.name} names a column twice", code="duplicate_column")
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # else it drops what lies beyond the last column
        try:
            return pd.read_csv(path, encoding="utf-8-sig", index_col=False)
        except pd.errors.ParserWarning as error:
            raise Invalid(f"{path.name} has rows longer than its header", code="unreadable_file") from error


def _read_json(path: Path) -> object:
    document = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(document, dict):  # the body of a prediction request
        return document.get("records", document.get("features"))
    return document


def _read_parquet(path: Path) -> object:
    if importlib.util.find_spec("pyarrow") is None:
        raise Precondition(
            "reading Parquet needs pyarrow: pip install 'mlp[parquet]'",
            code="missing_module",
            details={"module": "pyarrow"},
        )
    return pd.read_parquet(path)


def _read_npy(path: Path) -> object:
    return np.load(path, allow_pickle=False)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
