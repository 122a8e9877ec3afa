"""The inputs of the signature: what each feature is called, what it holds, what was seen of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer

from mlp.api.receipt import Cell
from mlp.api.signature import DType, Feature, Layout
from mlp.errors import Invalid, Unsupported
from mlp.packaging.derive import Known
from mlp.packaging.original import Original
from mlp.packaging.parts import parts_of

CATEGORIES_SHOWN = 100
CATEGORIES_CLOSED = 1_000


@dataclass(frozen=True)
class Inputs:
    """The input side of a signature, before there is a graph whose tensors it names."""

    features: tuple[Feature, ...]
    layout: Layout

    def in_precision(self, precision: DType) -> Inputs:
        """Return the same inputs with their floats in `precision`."""
        features = tuple(
            feature.model_copy(update={"dtype": precision}) if feature.dtype.is_float else feature
            for feature in self.features
        )
        return Inputs(features, self.layout)


def inputs_of(frame: pd.DataFrame, known: Sequence[Known], original: Original, *, given: bool) -> Inputs:
    """Return what `frame`, whose columns are the model's, and the estimator's knowledge show.

    Ranges are taken from rows that the user has `given`; made-up ones have none that mean anything. The layout is a
    matrix where all features have one dtype and no step of the model picks columns.
    """
    features = tuple(_feature(frame[name], one, given=given) for name, one in zip(frame.columns, known, strict=True))
    parts = parts_of(original.estimator, len(features))
    picks_columns = any(isinstance(part.estimator, ColumnTransformer) for part in parts)
    mixed = len({feature.dtype for feature in features}) > 1
    return Inputs(features, Layout.COLUMNS if picks_columns or mixed else Layout.MATRIX)


def seen(inputs: Inputs, frame: pd.DataFrame) -> Inputs:
    """Return the inputs of a graph with what `frame`, which has their columns, shows of each."""
    return Inputs(tuple(_seen(feature, frame[feature.name]) for feature in inputs.features), inputs.layout)


def cells_of(frame: pd.DataFrame, features: Sequence[Feature]) -> list[list[Cell]]:
    """Return the rows of `frame` as a client would send them: Python values, None where one is missing."""
    columns = [_cells(frame[feature.name], feature) for feature in features]
    return [list(row) for row in zip(*columns, strict=True)]


def _feature(series: pd.Series[Any], known: Known, *, given: bool) -> Feature:
    name = str(series.name)
    present = series.dropna()
    nullable = len(present) < len(series)
    if _is_text(present, known):
        listed = [category for category in known.categories or () if isinstance(category, str)]
        closed = known.closed and 0 < len(listed) <= CATEGORIES_CLOSED
        if not listed and known.words is None:
            listed = sorted({str(value) for value in present})
        few = closed or len(listed) <= CATEGORIES_SHOWN
        categories = tuple(listed) if few and listed else None
        return Feature(
            name=name, dtype=DType.STRING, tensor=name, categories=categories, closed=closed, nullable=nullable
        )
    numbers = present.to_numpy(dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise Invalid(f"column {name!r} of the sample holds an infinite value", code="infinite_value")
    return Feature(
        name=name,
        dtype=DType.FLOAT32,
        tensor=name,
        minimum=float(numbers.min()) if given and len(numbers) else None,
        maximum=float(numbers.max()) if given and len(numbers) else None,
        nullable=nullable,
    )


def _seen(feature: Feature, series: pd.Series[Any]) -> Feature:
    if feature.dtype is DType.BOOL:
        return feature
    shown = _feature(series, Known(), given=True)
    if (shown.dtype is DType.STRING) != (feature.dtype is DType.STRING):
        raise Invalid(
            f"column {feature.name!r} of the sample does not hold {feature.dtype} values", code="sample_types"
        )
    return Feature.model_validate(shown.model_dump() | {"dtype": feature.dtype, "tensor": feature.tensor})


def _is_text(present: pd.Series[Any], known: Known) -> bool:
    """Whether a feature holds strings, or else numbers; raise for what is neither."""
    if len(present) == 0:
        return known.is_text
    if pd.api.types.is_numeric_dtype(present.dtype):
        if known.is_text:
            raise Invalid(
                f"column {present.name!r} holds numbers, and the model was trained on text there",
                code="sample_types",
                details={"column": present.name, "categories": (known.categories or [])[:5]},
            )
        return False
    values = present.tolist()
    if all(isinstance(value, str) for value in values):
        return True
    if all(isinstance(value, bool | int | float) for value in values):
        return False
    kinds = ", ".join(sorted({type(value).__name__ for value in values}))
    raise Unsupported(
        f"column {present.name!r} holds {kinds}; a feature holds numbers, or strings", code="unsupported_column"
    )


def _cells(series: pd.Series[Any], feature: Feature) -> list[Cell]:
    values = series.astype(object).tolist()
    missing = series.isna().tolist()
    return [None if gone else _cell(value, feature.dtype) for value, gone in zip(values, missing, strict=True)]


def _cell(value: Any, dtype: DType) -> Cell:
    """Return `value` as a Python value; a boolean among numbers is a number, and 2.0 among whole numbers is whole."""
    plain: Cell = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, bool):
        return plain if dtype is DType.BOOL else int(plain)
    if dtype is DType.INT64 and isinstance(plain, float) and plain.is_integer():
        return int(plain)
    return plain
