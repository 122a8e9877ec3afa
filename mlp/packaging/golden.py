"""Which rows are kept to be answered again, on other processors and for as long as the version lives.

Such a row lies well away from where the answer turns: another processor rounds the last bit differently.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mlp.api.receipt import Cell, GoldenRows, Tolerance
from mlp.api.signature import Task
from mlp.packaging.prove import TOLERANCE, Proof
from mlp.proof import Answers, compare, feeds_of

NUDGE = 1e-6
"""Relative change of every number that a golden row's answer has to survive."""
LEAD = 0.01
"""Least distance of the first class to the second, as a share of the largest distance of any row."""
STRICTER = Tolerance(absolute=TOLERANCE.absolute / 2, relative=TOLERANCE.relative / 2)
MAX_CANDIDATES = 2_000
MAX_CELLS = 100_000
"""In all golden rows together: models with very many features keep fewer rows."""


def golden_rows(proof: Proof, scores: npt.NDArray[Any] | None, count: int) -> GoldenRows | None:
    """Return up to `count` of the proved rows with the original's answers, or None where no row is safe.

    They are spread over the classes, or over the values. `scores` are the original's probabilities or decision
    values, of shape [rows, classes] or [rows], where it has any.
    """
    cells, expected = proof.cells, proof.expected
    rows = np.unique(np.linspace(0, len(cells) - 1, MAX_CANDIDATES).astype(int))
    rank = _first_value(expected) if scores is None else _leads(scores)
    if scores is not None:
        rows = rows[rank[rows] >= LEAD * rank.max()]
    rows = rows[_finite(expected)[rows]]
    rows = rows[_steady(proof, rows)] if len(rows) else rows
    ranked = _distinct(cells, rows[np.argsort(rank[rows], kind="stable")])
    is_class = proof.signature.outputs.task is Task.CLASSIFICATION
    groups = expected.predictions.tolist() if is_class else [None] * len(cells)
    chosen = spread(ranked, groups, min(count, max(1, MAX_CELLS // len(proof.signature.inputs))))
    return _stored(proof, chosen) if chosen else None


def spread(rows: Sequence[int], groups: Sequence[Hashable], count: int) -> list[int]:
    """Return up to `count` of `rows`, in order: from each group alike, and evenly spaced within a group.

    `groups` holds the group of every row there is; the order of `rows` within a group is kept.
    """
    members: dict[Hashable, list[int]] = defaultdict(list)
    for row in rows:
        members[groups[row]].append(row)
    chosen: list[int] = []
    smallest_first = sorted(members.values(), key=len)
    for position, group in enumerate(smallest_first):
        share = (count - len(chosen)) // (len(smallest_first) - position)
        picks = np.linspace(0, len(group) - 1, min(share, len(group)))
        chosen += [group[int(pick)] for pick in picks]
    return sorted(chosen)


def _leads(scores: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return how far each row's winning class lies before the next."""
    exact = scores.astype(np.float64).reshape(len(scores), -1)
    if exact.shape[1] == 1:
        return np.abs(exact[:, 0])
    ordered: npt.NDArray[np.float64] = np.sort(exact, axis=1)
    return np.asarray(ordered[:, -1] - ordered[:, -2])


def _first_value(answers: Answers) -> npt.NDArray[np.float64]:
    values = answers.predictions.reshape(len(answers), -1)[:, 0]
    return np.zeros(len(answers)) if values.dtype == object else values.astype(np.float64)


def _finite(answers: Answers) -> npt.NDArray[np.bool_]:
    tensors = [answers.predictions, answers.probabilities]
    finite = np.ones(len(answers), dtype=np.bool_)
    for tensor in tensors:
        if tensor is not None and tensor.dtype.kind == "f":
            finite &= np.isfinite(tensor.reshape(len(answers), -1)).all(axis=1)
    return finite


def _steady(proof: Proof, rows: npt.NDArray[np.int_]) -> npt.NDArray[np.bool_]:
    """Return which of `rows` are answered as expected with something to spare, and also when their numbers tremble."""
    expected = proof.expected.take(rows)
    feeds = feeds_of(proof.signature, [proof.cells[row] for row in rows])
    steady = np.ones(len(rows), dtype=np.bool_)
    for nudge, tolerance in ((0.0, STRICTER), (NUDGE, TOLERANCE), (-NUDGE, TOLERANCE)):
        nudged = {name: _nudged(tensor, nudge) for name, tensor in feeds.items()}
        comparison = compare(expected, proof.answers(nudged), tolerance)
        steady[list(comparison.differing)] = False
    return steady


def _nudged(tensor: npt.NDArray[Any], nudge: float) -> npt.NDArray[Any]:
    """Return `tensor` with its numbers moved a little; whole ones stay, for they may be codes of a category."""
    if tensor.dtype.kind != "f":
        return tensor
    whole = tensor == np.rint(tensor)
    return np.where(whole, tensor, tensor * (1 + nudge)).astype(tensor.dtype)


def _distinct(cells: Sequence[Sequence[Cell]], rows: npt.NDArray[np.int_]) -> list[int]:
    first: dict[tuple[Cell, ...], int] = {}
    for row in rows.tolist():
        first.setdefault(tuple(cells[row]), row)
    return list(first.values())


def _stored(proof: Proof, rows: Sequence[int]) -> GoldenRows:
    answers = proof.expected.take(rows)
    predictions = answers.predictions.tolist()
    probabilities = answers.probabilities
    return GoldenRows(
        features=tuple(tuple(proof.cells[row]) for row in rows),
        predictions=tuple(tuple(map(float, one)) if isinstance(one, list) else one for one in predictions),
        probabilities=None if probabilities is None else tuple(map(tuple, probabilities.astype(float).tolist())),
    )
