"""The estimators inside an estimator, and which of the model's own features each of them reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline


@dataclass(frozen=True)
class Part:
    """A fitted estimator, and the positions of the features that reach it as the user gave them."""

    estimator: Any
    columns: tuple[int, ...]


def parts_of(estimator: Any, width: int) -> Iterator[Part]:
    """Yield `estimator`, a model of `width` features, and all estimators inside it that read these unchanged.

    A pipeline's later steps are among them as long as the steps before only fill in missing values.
    """
    yield from _walk(Part(estimator, tuple(range(width))))


def answering(estimator: Any) -> Any:
    """Return the estimator whose answer is the model's: the last of a pipeline, the best of a search."""
    if isinstance(estimator, Pipeline):
        return answering(estimator.steps[-1][1])
    if hasattr(estimator, "best_estimator_"):
        return answering(estimator.best_estimator_)
    return estimator


def members_of(estimator: Any) -> list[Any]:
    """Return the fitted estimators of an ensemble."""
    members = getattr(estimator, "estimators_", ())
    listed = members.ravel().tolist() if isinstance(members, np.ndarray) else list(members)
    return [member for member in listed if hasattr(member, "fit")]


def selected(transformer: ColumnTransformer, columns: Any) -> list[int]:
    """Return the positions that `columns`, as the fitted `transformer` holds them, mean."""
    positions = list(range(transformer.n_features_in_))
    names = list(getattr(transformer, "feature_names_in_", ()))
    if isinstance(columns, slice):
        if not isinstance(columns.start, str) and not isinstance(columns.stop, str):
            return positions[columns]
        first = 0 if columns.start is None else names.index(columns.start)
        last = len(names) if columns.stop is None else names.index(columns.stop) + 1
        return positions[first : last : columns.step]
    listed = [columns] if isinstance(columns, str | int) else list(columns)
    if listed and all(isinstance(column, bool | np.bool_) for column in listed):
        return [position for position, chosen in enumerate(listed) if chosen]
    return [names.index(column) if isinstance(column, str) else positions[column] for column in listed]


def _walk(part: Part) -> Iterator[Part]:
    if getattr(part.estimator, "n_features_in_", len(part.columns)) != len(part.columns):
        return  # it reads a selection that is not known here
    yield part
    for child in _children(part):
        yield from _walk(child)


def _children(part: Part) -> Iterator[Part]:
    estimator = part.estimator
    if isinstance(estimator, Pipeline):
        yield from _steps(part)
    elif isinstance(estimator, ColumnTransformer):
        for _, transformer, columns in estimator.transformers_:
            if not isinstance(transformer, str):
                positions = selected(estimator, columns)
                yield Part(transformer, tuple(part.columns[position] for position in positions))
    elif isinstance(estimator, FeatureUnion):
        for _, transformer in estimator.transformer_list:
            if not isinstance(transformer, str):
                yield Part(transformer, part.columns)
    else:
        yield from _ensemble(part)


def _steps(part: Part) -> Iterator[Part]:
    for _, step in part.estimator.steps:
        if step is None or step == "passthrough":
            continue
        yield Part(step, part.columns)
        if not isinstance(step, SimpleImputer) or step.add_indicator:
            return


def _ensemble(part: Part) -> Iterator[Part]:
    estimator = part.estimator
    for attribute in ("best_estimator_", "estimator_", "regressor_"):
        if hasattr(estimator, attribute):
            yield Part(getattr(estimator, attribute), part.columns)
    for calibrated in getattr(estimator, "calibrated_classifiers_", ()):
        yield Part(calibrated.estimator, part.columns)
    subsets = getattr(estimator, "estimators_features_", None)
    for position, member in enumerate(members_of(estimator)):
        columns = part.columns
        if subsets is not None:
            columns = tuple(part.columns[column] for column in subsets[position])
        yield Part(member, columns)
