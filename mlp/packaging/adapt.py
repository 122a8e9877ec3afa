"""A copy of an estimator that says what its ONNX form will see.

A tensor of strings cannot hold None or NaN: a missing string arrives as the empty string, and encoders and imputers
are told so. What a ColumnTransformer picks is written out as plain positions. Trees round their input to float32
before they compare, and a graph in float64 has to be told to do the same. How a VotingClassifier transforms, which
nobody asks it here, is set to what skl2onnx has.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from skl2onnx.sklapi import CastTransformer
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from mlp.packaging.parts import answering, members_of, parts_of, selected

MISSING = ""


def adapted(estimator: Any, width: int, *, in_float64: bool) -> Any:
    """Return `estimator`, a model of `width` features, itself where nothing needs to be told; else a changed copy."""
    if not any(_needs_telling(part, in_float64) for part in _touched(estimator, width)):
        return estimator
    twin = copy.deepcopy(estimator)
    for part in _touched(twin, width):
        if _needs_telling(part, in_float64):
            _tell(part)
    return twin


def _touched(estimator: Any, width: int) -> list[Any]:
    return [*(part.estimator for part in parts_of(estimator, width)), answering(estimator)]


def _needs_telling(part: Any, in_float64: bool) -> bool:
    if isinstance(part, SimpleImputer):
        return any(isinstance(statistic, str) for statistic in np.asarray(part.statistics_, dtype=object).tolist())
    if isinstance(part, OneHotEncoder | OrdinalEncoder):
        return any(map(_holds_missing, part.categories_))
    if isinstance(part, Pipeline):
        return in_float64 and len(part.steps) > 1 and _decides_by_trees(part.steps[-1][1])
    return isinstance(part, ColumnTransformer | VotingClassifier)


def _tell(part: Any) -> None:
    if isinstance(part, SimpleImputer):
        part.missing_values = MISSING
    elif isinstance(part, Pipeline):
        part.steps.insert(len(part.steps) - 1, ("as_float32", CastTransformer(dtype=np.float32)))
    elif isinstance(part, VotingClassifier):
        part.flatten_transform = False
    elif isinstance(part, ColumnTransformer):
        part.transformers_ = [
            (name, transformer, selected(part, columns)) for name, transformer, columns in part.transformers_
        ]
    else:
        part.categories_ = [_with_missing_as_text(categories) for categories in part.categories_]


def _decides_by_trees(estimator: Any) -> bool:
    members = members_of(estimator) or [estimator]
    return all(hasattr(member, "tree_") for member in members)


def _holds_missing(categories: Any) -> bool:
    """Whether text categories have a missing one among them."""
    values = np.asarray(categories).tolist()
    return any(map(_is_missing, values)) and any(isinstance(value, str) for value in values)


def _with_missing_as_text(categories: Any) -> Any:
    if not _holds_missing(categories):
        return categories
    return np.array([MISSING if _is_missing(value) else value for value in categories], dtype=object)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))
