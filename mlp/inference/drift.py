"""Counts of values unlike those seen at training: numbers out of their range, categories never seen."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mlp.api.signature import Feature, Layout, Signature
from mlp.proof import Feeds
from mlp.proof.feeds import NUMPY_DTYPES

_BATCH = 512
"""Rows that are looked at together: numpy takes about as long for one row as for all of them."""


class Drift:
    """Counts for a model of this signature; fed on the event loop, read from any thread."""

    def __init__(self, signature: Signature) -> None:
        single = [(feature,) for feature in signature.inputs]
        groups = [signature.inputs] if signature.layout is Layout.MATRIX else single
        self._ranges = [_Range(group) for group in groups if any(_has_range(feature) for feature in group)]
        # Columns of a matrix of strings are watched one by one: each has categories of its own.
        self._categories = [
            _Categories(feature, number if signature.layout is Layout.MATRIX else 0)
            for number, feature in enumerate(signature.inputs)
            if feature.categories is not None and not feature.closed
        ]
        self._waiting: deque[Feeds] = deque()
        self._rows = 0
        self._counting = threading.Lock()

    def observe(self, feeds: Feeds, rows: int) -> None:
        """Count the values of a batch, now or a little later."""
        if not self._ranges and not self._categories:
            return
        self._waiting.append(feeds)
        self._rows += rows
        if self._rows >= _BATCH:
            self._count()

    def out_of_range(self) -> Mapping[str, int]:
        """Return, for each feature with a known range, how many values lay outside of it."""
        self._count()
        return {name: count for watched in self._ranges for name, count in watched.counts()}

    def unknown_categories(self) -> Mapping[str, int]:
        """Return, for each feature with known categories, how many values were none of them."""
        self._count()
        return {watched.name: watched.unknown for watched in self._categories}

    def _count(self) -> None:
        with self._counting:
            self._rows = 0
            # What is fed meanwhile stays for the next time: each batch is taken out once, by whoever holds the lock.
            waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if waiting:
                watched: list[_Range | _Categories] = [*self._ranges, *self._categories]
                for each in watched:
                    each.count(np.concatenate([feeds[each.tensor] for feeds in waiting]))


def _has_range(feature: Feature) -> bool:
    return feature.minimum is not None or feature.maximum is not None


class _Range:
    """The features of one tensor, and how often each was out of its range."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self.tensor = features[0].tensor
        self._features = features
        low = [-np.inf if feature.minimum is None else feature.minimum for feature in features]
        high = [np.inf if feature.maximum is None else feature.maximum for feature in features]
        dtype = NUMPY_DTYPES[features[0].dtype]
        # In the tensor's own precision: 7.9 as a float32 is a little more than 7.9.
        precision = dtype if np.issubdtype(dtype, np.floating) else np.float64
        with np.errstate(over="ignore"):
            self._low, self._high = np.array(low).astype(precision), np.array(high).astype(precision)
        self._outside = np.zeros(len(features), dtype=np.int64)

    def count(self, tensor: npt.NDArray[Any]) -> None:
        self._outside += ((tensor < self._low) | (tensor > self._high)).sum(axis=0)

    def counts(self) -> list[tuple[str, int]]:
        pairs = zip(self._features, self._outside.tolist(), strict=True)
        return [(feature.name, count) for feature, count in pairs if _has_range(feature)]


class _Categories:
    """One string feature, and how often it had a value that was not seen at training."""

    def __init__(self, feature: Feature, column: int) -> None:
        self.tensor = feature.tensor
        self.name = feature.name
        self.unknown = 0
        self._column = column
        self._known = {*(feature.categories or ()), *([""] if feature.nullable else [])}

    def count(self, tensor: npt.NDArray[Any]) -> None:
        self.unknown += sum(cell not in self._known for cell in tensor[:, self._column].tolist())
