"""A copy of an estimator that says what its ONNX form will see.

A tensor of strings cannot hold None or NaN: a missing string arrives as the empty string. Encoders and imputers are
told so, and what a ColumnTransformer picks is written out as plain positions.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from mlp.packaging.parts import parts_of, selected

MISSING = ""


def adapted(estimator: Any, width: int) -> Any:
    """Return `estimator` itself where nothing needs to be told, else a changed copy."""
    if not any(_needs_telling(part.estimator) for part in parts_of(estimator, width)):
        return estimator
    twin = copy.deepcopy(estimator)
    for part in parts_of(twin, width):
        if _needs_telling(part.estimator):
            _tell(part.estimator)
    return twin


def _needs_telling(part: Any) -> bool:
    if isinstance(part, SimpleImputer):
        return any(isinstance(statistic, str) for statistic in np.asarray(part.statistics_, dtype=object).tolist())
    if isinstance(part, OneHotEncoder | OrdinalEncoder):
        return any(map(_holds_missing, part.categories_))
    return isinstance(part, ColumnTransformer)


def _tell(part: Any) -> None:
    if isinstance(part, SimpleImputer):
        part.missing_values = MISSING
    elif isinstance(part, ColumnTransformer):
        part.transformers_ = [
            (name, transformer, selected(part, columns)) for name, transformer, columns in part.transformers_
        ]
    else:
        part.categories_ = [
            np.array([MISSING if _is_missing(value) else value for value in values], dtype=object)
            if _holds_missing(values)
            else values
            for values in part.categories_
        ]


def _holds_missing(categories: Any) -> bool:
    """Whether text categories have a missing one among them."""
    values = np.asarray(categories).tolist()
    return any(map(_is_missing, values)) and any(isinstance(value, str) for value in values)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))
