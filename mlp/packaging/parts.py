"""The estimators inside an estimator, and which of the model's own features each of them reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def parts_of(estimator: Any, width: int, names: Sequence[str] | None) -> Iterator[Part]:
    """Yield `estimator`, a model of `width` features, and all estimators inside it that read these unchanged.

    A pipeline's later steps are among them as long as the steps before only fill in missing values.
    """
    yield from _walk(Part(estimator, tuple(range(width))), names)


def selected(columns: Any, width: int, names: Sequence[str] | None) -> list[int]:
    """Return the positions that a ColumnTransformer's fitted column specification means."""
    if isinstance(columns, slice):
        ends = (columns.start, columns.stop)
        if any(isinstance(end, str) for end in ends) and names is not None:  # by name, the last one included
            first = 0 if columns.start is None else names.index(columns.start)
            last = width if columns.stop is None else names.index(columns.stop) + 1
            return list(range(width))[first : last : columns.step]
        return list(range(width))[columns]
    single = isinstance(columns, str | int | np.integer)
    listed = [columns] if single else list(columns)
    if listed and all(isinstance(column, bool | np.bool_) for column in listed):
        return [position for position, chosen in enumerate(listed) if chosen]
    if names is not None and all(isinstance(column, str) for column in listed):
        return [names.index(column) for column in listed]
    return [int(column) % width for column in listed]


def _walk(part: Part, names: Sequence[str] | None) -> Iterator[Part]:
    yield part
    for child in _children(part, names):
        yield from _walk(child, None)


def _children(part: Part, names: Sequence[str] | None) -> Iterator[Part]:
    estimator = part.estimator
    if isinstance(estimator, Pipeline):
        yield from _steps(part)
    elif isinstance(estimator, ColumnTransformer):
        width = len(part.columns)
        for _, transformer, columns in estimator.transformers_:
            if not isinstance(transformer, str):
                positions = selected(columns, width, getattr(estimator, "feature_names_in_", names))
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
    members = np.ravel(np.array(getattr(estimator, "estimators_", ()), dtype=object))
    subsets = getattr(estimator, "estimators_features_", None)
    for position, member in enumerate(members):
        if not hasattr(member, "fit"):
            continue
        columns = part.columns
        if subsets is not None:
            columns = tuple(part.columns[column] for column in subsets[position])
        yield Part(member, columns)
