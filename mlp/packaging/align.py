"""The rows of a table as the model wants them: its features, in its order."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mlp.errors import Invalid
from mlp.packaging.table import Table

MAX_ROWS = 10_000
MAX_CELLS = 2_000_000


def numbered(width: int) -> tuple[str, ...]:
    """Return `x0`, `x1` …, the names that scikit-learn gives to features without any."""
    return tuple(f"x{position}" for position in range(width))


def aligned(table: Table, names: Sequence[str] | None, width: int) -> pd.DataFrame:
    """Return the rows with the columns `names`, by name where the table has names and else by position.

    Without `names` the table's own stay, or `x0` … are given. Raises Invalid (`sample_columns`, `sample_width`)
    where columns are missing or too many.
    """
    frame = table.frame
    if names is not None and table.named:
        _check_names(frame.columns.tolist(), names)
        frame = frame[list(names)]
    if len(frame.columns) != width:
        raise Invalid(
            f"the rows have {len(frame.columns)} columns, the model takes {width}",
            code="sample_width",
            details={"columns": len(frame.columns), "expected": width},
        )
    if table.named:
        return frame
    return frame.set_axis(list(names or numbered(width)), axis=1)


def thinned(frame: pd.DataFrame) -> pd.DataFrame:
    """Return at most 10,000 of the rows (fewer of very wide ones), evenly spaced, for files are often sorted."""
    most = max(1, min(MAX_ROWS, MAX_CELLS // len(frame.columns)))
    if len(frame) <= most:
        return frame
    return frame.iloc[np.linspace(0, len(frame) - 1, most).astype(int)].reset_index(drop=True)


def _check_names(given: Sequence[str], wanted: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in given]
    extra = [name for name in given if name not in wanted]
    if not missing and not extra:
        return
    words = []
    for name in missing[:5]:
        near = difflib.get_close_matches(name, extra, n=1)
        words.append(f"{name!r} is missing" + (f" (is it {near[0]!r}?)" if near else ""))
    words += [f"{name!r} is no feature of the model" for name in extra[:5]]
    raise Invalid(
        f"the columns differ from the model's features: {'; '.join(words)}",
        code="sample_columns",
        details={"missing": missing, "extra": extra},
    )
