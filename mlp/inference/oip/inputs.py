"""From named tensors to the inputs of the graph, checked against the signature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mlp.api.signature import DType, Feature, Layout, Signature
from mlp.errors import Invalid
from mlp.inference.oip.datatypes import OF_FEATURE, fits, mismatch
from mlp.inference.oip.tensor import Tensor
from mlp.proof import Feeds
from mlp.proof.feeds import NUMPY_DTYPES

ANY_MATRIX = "features"
"""What all features together may be called, whatever the graph calls them."""


class InputReader:
    """Reads the inputs of one model: a tensor a feature ([rows] or [rows, 1]), or all of them as [rows, features]."""

    def __init__(self, signature: Signature) -> None:
        self._features = signature.inputs
        self._is_matrix = signature.layout is Layout.MATRIX
        names = set(signature.names)
        self._matrices = {ANY_MATRIX} - names
        if self._is_matrix:
            self._matrices |= {signature.inputs[0].tensor} - (names if len(names) > 1 else set())
        self._takes_matrix = len({feature.dtype for feature in signature.inputs}) == 1

    def read(self, tensors: Sequence[Tensor]) -> tuple[Feeds, int]:
        """Return the graph's inputs and the number of rows; raise Invalid naming input, row and column."""
        if len(tensors) == 1 and tensors[0].head.name in self._matrices:
            columns = self._columns_of_matrix(tensors[0])
        else:
            columns = self._columns(tensors)
        rows = len(columns[0])
        checked = [_checked(feature, column) for feature, column in zip(self._features, columns, strict=True)]
        if not self._is_matrix:
            return {f.tensor: c.reshape(-1, 1) for f, c in zip(self._features, checked, strict=True)}, rows
        first = self._features[0]
        return {first.tensor: np.stack(checked, axis=1)}, rows

    def _columns_of_matrix(self, tensor: Tensor) -> Sequence[npt.NDArray[Any]]:
        head, width = tensor.head, len(self._features)
        if not self._takes_matrix:
            raise Invalid(
                "the features of this model differ in type: send a tensor for each, by its name", code="unknown_input"
            )
        if head.shape[1:] != (width,) and not (width == 1 and len(head.shape) == 1):
            raise mismatch(head.name, f"its shape is {list(head.shape)}, the model takes [rows, {width}]")
        _check_datatype(tensor, self._features[0].dtype)
        return list(tensor.elements.reshape(-1, width).T)

    def _columns(self, tensors: Sequence[Tensor]) -> Sequence[npt.NDArray[Any]]:
        given: dict[str, Tensor] = {}
        known = {feature.name for feature in self._features}
        for tensor in tensors:
            name = tensor.head.name
            if name not in known:
                raise Invalid(f"there is no input {name!r}; the model takes {self._listed()}", code="unknown_input")
            if name in given:
                raise Invalid(f"input {name!r} is given twice", code="duplicate_input")
            given[name] = tensor
        columns = []
        for feature in self._features:
            if feature.name not in given:
                raise Invalid(
                    f"input {feature.name!r} is missing", code="missing_feature", details={"column": feature.name}
                )
            columns.append(self._column(feature, given[feature.name], tensors[0].head.shape[0]))
        return columns

    def _column(self, feature: Feature, tensor: Tensor, rows: int) -> npt.NDArray[Any]:
        head = tensor.head
        if head.shape not in ((rows,), (rows, 1)):
            raise mismatch(head.name, f"its shape is {list(head.shape)}, expected [{rows}, 1] or [{rows}]")
        _check_datatype(tensor, feature.dtype)
        return tensor.elements

    def _listed(self) -> str:
        names = [repr(feature.name) for feature in self._features[:10]]
        more = f" and {len(self._features) - 10} more" if len(self._features) > 10 else ""
        return ", ".join(names) + more


class MatrixReader:
    """The quick way for what most callers send: a whole float matrix of the graph's own datatype."""

    def __init__(self, signature: Signature) -> None:
        first = signature.inputs[0]
        self._tensor = first.tensor
        self._names = {ANY_MATRIX, first.tensor}
        self._width = len(signature.inputs)
        self._datatype = OF_FEATURE[first.dtype]
        self._dtype = NUMPY_DTYPES[first.dtype]
        self._applies = signature.layout is Layout.MATRIX and first.dtype.is_float and self._width > 1

    def read(self, tensors: Sequence[Tensor]) -> tuple[Feeds, int] | None:
        """Return the graph's input and the number of rows, or None for what needs a closer look."""
        head = tensors[0].head
        if not self._applies or len(tensors) != 1 or head.name not in self._names or head.datatype != self._datatype:
            return None
        if head.shape[1:] != (self._width,):
            return None
        with np.errstate(over="ignore"):
            matrix = tensors[0].elements.astype(self._dtype, copy=False)
        if not np.isfinite(matrix).all():
            return None
        return {self._tensor: matrix.reshape(head.shape)}, head.shape[0]


def _check_datatype(tensor: Tensor, dtype: DType) -> None:
    head = tensor.head
    if not fits(head.datatype, dtype):
        raise Invalid(
            f"input {head.name!r} is {head.datatype}, the model takes {OF_FEATURE[dtype]}",
            code="wrong_type",
            details={"input": head.name},
        )


def _checked(feature: Feature, column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the column in the feature's dtype; raise Invalid with the row of what does not fit."""
    if feature.dtype is DType.STRING:
        return _checked_strings(feature, column)
    missing = np.isnan(column) if column.dtype.kind == "f" else None
    if missing is not None and missing.any() and not feature.nullable:
        raise _misfit(feature, int(missing.argmax()), "missing_value", "must not be missing")
    with np.errstate(over="ignore"):
        cast = column.astype(NUMPY_DTYPES[feature.dtype], copy=False)
    if column.dtype.kind == "u" and (cast < 0).any():  # UINT64 above INT64
        raise _misfit(feature, int((cast < 0).argmax()), "out_of_range", f"is beyond the range of {feature.dtype}")
    if cast.dtype.kind == "f":
        infinite = np.isinf(cast)
        if infinite.any():
            raise _misfit(feature, int(infinite.argmax()), "out_of_range", f"is beyond the range of {feature.dtype}")
    return cast


def _checked_strings(feature: Feature, column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    known = {*(feature.categories or ()), *([""] if feature.nullable else [])} if feature.closed else None
    filled = column.copy()
    for row, value in enumerate(column.tolist()):
        if value is None:
            if not feature.nullable:
                raise _misfit(feature, row, "missing_value", "must not be missing")
            filled[row] = ""
        elif known is not None and value not in known:
            raise _misfit(feature, row, "unknown_category", "has a value that the model cannot encode")
    return filled


def _misfit(feature: Feature, row: int, code: str, problem: str) -> Invalid:
    return Invalid(
        f"row {row}, column {feature.name!r} {problem}", code=code, details={"row": row, "column": feature.name}
    )
