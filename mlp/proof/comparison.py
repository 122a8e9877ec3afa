"""Whether two sets of answers to the same rows are the same, and where they are not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlp.api.receipt import Tolerance
from mlp.errors import Invalid
from mlp.proof.answers import Answers

WORST = 5


@dataclass(frozen=True)
class Comparison:
    """How well `actual` answers agree with `expected` ones."""

    rows: int
    label_agreement: float | None
    """Share of equal labels, or None where predictions are values."""
    max_abs_diff: float | None
    """Largest absolute difference of a value or probability; None where nothing numeric was compared."""
    max_rel_diff: float | None
    differing: tuple[int, ...]
    """Every row that has another label, or a number outside the tolerance; worst first."""

    @property
    def agrees(self) -> bool:
        """Whether no row differs."""
        return not self.differing

    @property
    def worst(self) -> tuple[int, ...]:
        """The few rows that differ most."""
        return self.differing[:WORST]


def compare(expected: Answers, actual: Answers, tolerance: Tolerance) -> Comparison:
    """Compare answers row by row.

    Labels (anything but floats) must be equal; floats may differ as numpy.isclose allows, where a NaN equals a NaN.
    Relative difference is |expected - actual| / |expected|, taken where expected is not 0.
    Raises Invalid (`invalid_receipt`) when the shapes differ.
    """
    if expected.predictions.shape != actual.predictions.shape:
        raise Invalid(
            f"predictions have shape {list(actual.predictions.shape)}, expected {list(expected.predictions.shape)}",
            code="invalid_receipt",
        )
    numeric = [(expected.probabilities, actual.probabilities)] if expected.probabilities is not None else []
    labels_differ = np.zeros(len(expected), dtype=np.bool_)
    agreement = None
    if expected.predictions.dtype.kind == "f":
        numeric.append((expected.predictions, actual.predictions))
    else:
        labels_differ = ~_same_labels(expected.predictions, actual.predictions)
        agreement = 1.0 if len(expected) == 0 else float(1 - labels_differ.mean())
    differences = [_Difference.between(before, after, tolerance) for before, after in numeric]
    outside = labels_differ.copy()
    size = np.where(labels_differ, np.inf, 0.0)
    for difference in differences:
        outside |= difference.outside
        size = np.maximum(size, difference.absolute)
    order = np.argsort(-size, kind="stable")
    return Comparison(
        rows=len(expected),
        label_agreement=agreement,
        max_abs_diff=max((float(d.absolute.max(initial=0)) for d in differences), default=None),
        max_rel_diff=max((float(d.relative.max(initial=0)) for d in differences), default=None),
        differing=tuple(int(row) for row in order if outside[row]),
    )


def _same_labels(expected: npt.NDArray[Any], actual: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    pairs = zip(_by_row(expected).tolist(), _by_row(actual).tolist(), strict=True)
    return np.array([before == after for before, after in pairs], dtype=np.bool_)


def _by_row(tensor: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return `tensor` with two dimensions; it may be empty."""
    return tensor.reshape(len(tensor), math.prod(tensor.shape[1:]))


@dataclass(frozen=True)
class _Difference:
    """Differences of floats, the largest of each row."""

    absolute: npt.NDArray[np.float64]
    relative: npt.NDArray[np.float64]
    outside: npt.NDArray[np.bool_]

    @classmethod
    def between(cls, expected: npt.NDArray[Any], actual: npt.NDArray[Any] | None, tolerance: Tolerance) -> _Difference:
        if actual is None or actual.shape != expected.shape:
            raise Invalid("the probabilities have another shape than expected", code="invalid_receipt")
        before, after = _by_row(expected).astype(np.float64), _by_row(actual).astype(np.float64)
        same = (before == after) | (np.isnan(before) & np.isnan(after))
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            absolute = np.where(same, 0.0, np.abs(before - after))
            relative = np.where(same | (before == 0), 0.0, absolute / np.abs(before))
            close = np.isclose(after, before, rtol=tolerance.relative, atol=tolerance.absolute, equal_nan=True)
        absolute = np.nan_to_num(absolute, nan=np.finfo(np.float64).max, posinf=np.finfo(np.float64).max)
        relative = np.nan_to_num(relative, nan=np.finfo(np.float64).max, posinf=np.finfo(np.float64).max)
        return cls(absolute.max(axis=1, initial=0), relative.max(axis=1, initial=0), np.asarray(~close.all(axis=1)))
