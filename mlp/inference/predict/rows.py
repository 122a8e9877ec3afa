"""Rows of a request: what they are, and the type that msgspec checks them against."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec

from mlp.api.receipt import Cell
from mlp.api.signature import DType, Feature, Signature

Row = tuple[Cell, ...]
"""A cell a feature, in the signature's order; of the feature's type, or None."""

FLOAT32_MAX = 3.4028234663852886e38
INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1
FLOAT64_MAX = sys.float_info.max

_TYPES: Mapping[DType, Any] = {
    DType.FLOAT32: Annotated[float, msgspec.Meta(ge=-FLOAT32_MAX, le=FLOAT32_MAX)],
    DType.FLOAT64: float,
    DType.INT64: Annotated[int, msgspec.Meta(ge=INT64_MIN, le=INT64_MAX)],
    DType.BOOL: bool,
    DType.STRING: str,
}


Call = tuple[Sequence[Row], bool]
"""What a request asks: rows to answer, at least one, and whether it wants probabilities."""


def row_type(signature: Signature) -> Any:
    """Return the type of a row: a tuple of fixed length, with each feature's type, limits and closed categories."""
    return tuple[tuple(_cell_type(feature) for feature in signature.inputs)]  # type: ignore[misc]


def _cell_type(feature: Feature) -> Any:
    kind = Literal[feature.categories] if feature.closed else _TYPES[feature.dtype]
    return kind | None if feature.nullable else kind
