"""The converters of trees, with two faults of skl2onnx mended.

For the leaves of histogram-based boosting it gives booleans to a list of integers, which protobuf takes no longer. Of
all other trees it forgets which way a missing value goes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from skl2onnx import get_model_alias
from skl2onnx.common._registration import get_converter
from skl2onnx.common.data_types import DoubleTensorType
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

KINDS = (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
MISSING_WAYS = "nodes_missing_value_tracks_true"
Converter = Callable[[Any, Any, Any], None]
"""Adds the nodes of an operator: (scope, operator, container)."""


def converters() -> dict[type, Converter]:
    """Return converters by the class that they are for, as `convert_sklearn` takes them."""
    return dict.fromkeys(KINDS, _convert)


def _convert(scope: Any, operator: Any, container: Any) -> None:
    trees = _trees(operator.raw_operator)
    in_float64 = isinstance(operator.inputs[0].type, DoubleTensorType)
    if in_float64 and not all(np.isfinite(tree.threshold).all() for tree in trees):
        # In float64 skl2onnx searches for the neighbour of each border, and never ends at infinity.
        raise NotImplementedError("trees that branch on missing values take float32 alone")
    original = get_converter(get_model_alias(type(operator.raw_operator)))
    original(scope, operator, _Mending(container, trees))


def _trees(estimator: Any) -> list[Any]:
    members = getattr(estimator, "estimators_", [estimator])
    return [member.tree_ for member in members if hasattr(member, "tree_")]


class _Mending:
    """A container of nodes that mends the trees which are added to it."""

    def __init__(self, container: Any, trees: list[Any]) -> None:
        self._container = container
        self._trees = trees

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def add_node(self, *arguments: Any, **attributes: Any) -> Any:
        """Add a node, as the container does."""
        if MISSING_WAYS in attributes:
            attributes |= {name: _whole(values) for name, values in attributes.items() if isinstance(values, list)}
            if self._trees:
                nodes = zip(attributes["nodes_treeids"], attributes["nodes_nodeids"], strict=True)
                attributes[MISSING_WAYS] = [int(self._trees[tree].missing_go_to_left[node]) for tree, node in nodes]
        return self._container.add_node(*arguments, **attributes)


def _whole(values: list[Any]) -> list[Any]:
    return [int(value) if isinstance(value, bool | np.bool_ | np.integer) else value for value in values]
