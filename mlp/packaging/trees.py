"""The converters of trees, with three faults of skl2onnx mended.

For the leaves of histogram-based boosting it gives booleans to a list of integers, which protobuf takes no longer. Of
all other trees it forgets which way a missing value goes. And it lets the trees of a forest vote with rounded shares of
one, so that a tie is rarely a tie any more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto
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

from mlp.packaging.parts import members_of

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
    original(scope, operator, _Mending(scope, operator, container))


def _trees(estimator: Any) -> list[Any]:
    return [member.tree_ for member in members_of(estimator) or [estimator] if hasattr(member, "tree_")]


class _Mending:
    """A container of nodes that mends the trees which are added to it."""

    def __init__(self, scope: Any, operator: Any, container: Any) -> None:
        self._scope = scope
        self._operator = operator
        self._container = container
        self._trees = _trees(operator.raw_operator)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def add_node(self, kind: str, inputs: Any, outputs: Any, **attributes: Any) -> None:
        """Add a node, as the container does."""
        if not kind.startswith("TreeEnsemble"):
            self._container.add_node(kind, inputs, outputs, **attributes)
            return
        attributes |= {name: _whole(values) for name, values in attributes.items() if isinstance(values, list)}
        if self._trees:
            nodes = zip(attributes["nodes_treeids"], attributes["nodes_nodeids"], strict=True)
            attributes[MISSING_WAYS] = [int(self._trees[tree].missing_go_to_left[node]) for tree, node in nodes]
        if kind == "TreeEnsembleClassifier" and len(self._trees) > 1:
            self._add_election(inputs, outputs, attributes)
        else:
            self._container.add_node(kind, inputs, outputs, **attributes)

    def _add_election(self, inputs: Any, outputs: Any, attributes: dict[str, Any]) -> None:
        """Add a forest whose trees vote with 1 each: such sums are exact in any order, and the first of equals wins."""
        label, shares = outputs
        labels = attributes.get("classlabels_strings") or attributes["classlabels_int64s"]
        votes, quotient, winner, classes, count, ignored = map(
            self._scope.get_unique_variable_name, ("votes", "shares", "winner", "classes", "trees", "label_of_sums")
        )
        attributes |= _votes(self._trees, len(labels))
        self._container.add_node("TreeEnsembleClassifier", inputs, [ignored, votes], **attributes)
        self._container.add_initializer(count, TensorProto.FLOAT, [1], [float(len(self._trees))])
        self._add("Div", [votes, count], quotient)
        self._add("Cast", [quotient], shares, to=self._operator.outputs[1].type.to_onnx_type().tensor_type.elem_type)
        text = isinstance(labels[0], str)
        self._container.add_initializer(
            classes, TensorProto.STRING if text else TensorProto.INT64, [len(labels)], labels
        )
        self._add("ArgMax", [votes], winner, axis=1, keepdims=0)
        self._add("Gather", [classes, winner], label)

    def _add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        name = self._scope.get_unique_operator_name(kind)
        self._container.add_node(kind, inputs, [output], name=name, **attributes)


def _votes(trees: list[Any], classes: int) -> dict[str, Any]:
    """Return the attributes that say which share of its tree's vote a leaf gives to each class."""
    leaves = [np.flatnonzero(tree.children_left < 0) for tree in trees]
    counts = [tree.value[leaf, 0, :] for tree, leaf in zip(trees, leaves, strict=True)]
    shares = [count / count.sum(axis=1, keepdims=True) for count in counts]
    owners = np.repeat(np.arange(len(trees)), [len(leaf) for leaf in leaves])
    return {
        "class_treeids": np.repeat(owners, classes).tolist(),
        "class_nodeids": np.repeat(np.concatenate(leaves), classes).tolist(),
        "class_ids": np.tile(np.arange(classes), len(owners)).tolist(),
        "class_weights": np.concatenate(shares).ravel().astype(np.float32),
    }


def _whole(values: list[Any]) -> list[Any]:
    return [int(value) if isinstance(value, bool | np.bool_ | np.integer) else value for value in values]
