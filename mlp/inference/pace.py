"""How fast a model is, measured once at start: whether its runs may hold up the event loop, and whether batches pay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from mlp.api.receipt import Receipt
from mlp.api.signature import DType, Feature, Signature
from mlp.errors import Invalid
from mlp.proof import Feeds, feeds_of

QUICK_SECONDS = 0.000_3
"""A run as short as this is over before it could be handed to anybody; sharing it costs more than it brings."""
_BATCH = 16
_LONGEST_SECONDS = 0.05
"""What is measured further than this is not worth the time that it adds to a start."""
_RUNS, _SPENT_SECONDS = 7, 0.03
_WORTH = 2.0
"""How many times the rows a batch has to answer in the same time."""


@dataclass(frozen=True)
class Pace:
    """Seconds that the model takes."""

    single: float = 0.0
    """For one row; 0 where it could not be measured."""
    row: float = 0.0
    """For each further row of the same run."""

    def of(self, rows: int) -> float:
        """Return how long a run of so many rows should take."""
        return self.single + (rows - 1) * self.row

    @property
    def is_quick(self) -> bool:
        """Whether a row is answered sooner than it could be handed to another thread."""
        return self.single < QUICK_SECONDS

    @property
    def gains_by_batches(self) -> bool:
        """Whether rows of several requests are answered much faster together."""
        return _BATCH * self.single > _WORTH * self.of(_BATCH)


def measured(run: Callable[[Feeds], object], signature: Signature, receipt: Receipt) -> Pace:
    """Return the pace of the model that `run` runs, by a golden row, or a row of nothing where there is none."""
    row = receipt.golden.features[0] if receipt.golden else [_nothing(feature) for feature in signature.inputs]
    one = feeds_of(signature, [row])
    many = {name: np.repeat(tensor, _BATCH, axis=0) for name, tensor in one.items()}
    try:
        run(one)  # the first run allocates
        single = _seconds(run, one)
        if single > _LONGEST_SECONDS:
            return Pace(single, single)
        run(many)
        return Pace(single, max(0.0, _seconds(run, many) - single) / (_BATCH - 1))
    except Invalid:
        return Pace()


def _seconds(run: Callable[[Feeds], object], feeds: Feeds) -> float:
    """Return the shortest of a few runs: on a machine that starts more than this server, the others are interrupted."""
    took: list[float] = []
    while len(took) < _RUNS and sum(took) < _SPENT_SECONDS:
        begin = perf_counter()
        run(feeds)
        took.append(perf_counter() - begin)
    return min(took)


def _nothing(feature: Feature) -> int | float | str | bool:
    if feature.categories:
        return feature.categories[0]
    nothing: dict[DType, int | str | bool] = {DType.STRING: "", DType.BOOL: False, DType.INT64: 0}
    return nothing.get(feature.dtype, 0.0)
