"""The check that guards every border: does this graph still answer the golden rows as the original did?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy.typing as npt

from mlp.api.receipt import Receipt
from mlp.api.signature import Signature
from mlp.errors import Unproved
from mlp.proof.answers import answers_of, golden_answers
from mlp.proof.comparison import Comparison, compare
from mlp.proof.feeds import Feeds, feeds_of

Run = Callable[[Feeds], Mapping[str, npt.NDArray[Any]]]
"""Runs the graph: its inputs by name to its outputs by name."""


def reproduce(run: Run, signature: Signature, receipt: Receipt) -> Comparison | None:
    """Answer the receipt's golden rows with `run`; return None where the receipt holds none.

    Raises Unproved (`golden_rows_failed`) when an answer differs by more than the receipt's tolerance, and Invalid
    when the rows do not fit the signature.
    """
    golden = receipt.golden
    if golden is None:
        return None
    outputs = run(feeds_of(signature, golden.features))
    actual = answers_of(signature, outputs, len(golden.features))
    comparison = compare(golden_answers(signature, golden), actual, receipt.tolerance)
    if not comparison.agrees:
        raise Unproved(
            f"{len(comparison.differing)} of {comparison.rows} golden rows are answered differently "
            f"than by the original model (row {comparison.worst[0]} most)",
            code="golden_rows_failed",
            details={"rows": list(comparison.worst), "max_abs_diff": comparison.max_abs_diff},
        )
    return comparison
