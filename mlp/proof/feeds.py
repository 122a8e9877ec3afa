"""From rows of cells to the tensors that an ONNX graph takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any

import numpy as np
import numpy.typing as npt

from mlp.api.receipt import Cell
from mlp.api.signature import DType, Feature, Layout, Signature
from mlp.errors import Invalid

Feeds = Mapping[str, npt.NDArray[Any]]
"""Graph input name -> tensor: [rows, features] for a matrix, [rows, 1] for a column."""

NUMPY_DTYPES: Mapping[DType, Any] = {
    DType.FLOAT32: np.float32,
    DType.FLOAT64: np.float64,
    DType.INT64: np.int64,
    DType.BOOL: np.bool_,
    DType.STRING: np.object_,
}
"""The numpy dtype of a feature's tensor; strings are Python objects, as ONNX Runtime wants them."""
KINDS: Mapping[DType, type | UnionType] = {
    DType.FLOAT32: int | float,
    DType.FLOAT64: int | float,
    DType.INT64: int,
    DType.BOOL: bool,
    DType.STRING: str,
}
"""What a cell of a feature may be."""


def feeds_of(signature: Signature, rows: Sequence[Sequence[Cell]]) -> Feeds:
    """Return the graph's inputs for `rows`, each a cell a feature in the signature's order.

    Raises Invalid (`invalid_row`) when a row does not fit the signature. Requests have a validator of their own that
    names row and column; this one serves rows that were checked before.
    """
    width = len(signature.inputs)
    for number, row in enumerate(rows):
        if len(row) != width:
            raise Invalid(f"row {number} has {len(row)} values, the model takes {width}", code="invalid_row")
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in range(width)]
    tensors = [column_tensor(feature, cells) for feature, cells in zip(signature.inputs, columns, strict=True)]
    if signature.layout is Layout.MATRIX:
        return {signature.inputs[0].tensor: np.concatenate(tensors, axis=1)}
    return {feature.tensor: tensor for feature, tensor in zip(signature.inputs, tensors, strict=True)}


def column_tensor(feature: Feature, cells: Sequence[Cell]) -> npt.NDArray[Any]:
    """Return the cells of one feature as a tensor of shape [rows, 1]; None becomes NaN, or the empty string."""
    if None in cells and not feature.nullable:
        raise Invalid(f"feature {feature.name!r} must not be missing", code="invalid_row")
    missing = "" if feature.dtype is DType.STRING else np.nan
    filled = [missing if cell is None else cell for cell in cells]
    if not all(_is_of(feature.dtype, cell) for cell in filled):
        raise Invalid(f"feature {feature.name!r} takes {feature.dtype} values", code="invalid_row")
    try:
        tensor = np.array(filled, dtype=NUMPY_DTYPES[feature.dtype])
    except (OverflowError, TypeError, ValueError) as error:
        raise Invalid(f"feature {feature.name!r} takes {feature.dtype} values", code="invalid_row") from error
    return tensor.reshape(-1, 1)


def _is_of(dtype: DType, cell: Cell) -> bool:
    # To Python a bool is an int; to a model True is no number.
    return isinstance(cell, KINDS[dtype]) and isinstance(cell, bool) == (dtype is DType.BOOL)
