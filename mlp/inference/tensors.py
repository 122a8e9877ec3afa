"""From rows that fit the signature to the tensors that the graph takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mlp.api.receipt import Cell
from mlp.api.signature import DType, Feature, Layout, Signature
from mlp.inference.predict.rows import Row
from mlp.proof import Feeds
from mlp.proof.feeds import NUMPY_DTYPES


class TensorBuilder:
    """Builds tensors for a model of this signature.

    It does what `mlp.proof.feeds_of` does, without looking at each cell: rows of requests have been checked.
    """

    def __init__(self, signature: Signature) -> None:
        self._features = signature.inputs
        self._is_matrix = signature.layout is Layout.MATRIX

    def build(self, rows: Sequence[Row]) -> Feeds:
        """Return the graph's inputs; a missing value becomes NaN, or the empty string."""
        first = self._features[0]
        if self._is_matrix:
            return {first.tensor: _tensor(first, rows)}
        return {
            feature.tensor: _tensor(feature, cells).reshape(-1, 1)
            for feature, cells in zip(self._features, zip(*rows, strict=True), strict=True)
        }


def _tensor(feature: Feature, cells: Sequence[Row] | Sequence[Cell]) -> npt.NDArray[Any]:
    tensor = np.array(cells, dtype=NUMPY_DTYPES[feature.dtype])  # None becomes NaN by itself
    if feature.dtype is DType.STRING:
        tensor[tensor == None] = ""  # noqa: E711  compares each element
    return tensor
