"""Whether the trees of an ensemble are trees.

ONNX Runtime follows child ids without looking back, so one id changed to the root never ends and cannot be
interrupted. Here every node has at most one parent, and every node's chain of parents ends at a root.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mlp.errors import Invalid
from mlp.registry.check.graph import nodes_of

_LEAF = b"LEAF"
Indices = npt.NDArray[np.int64]


def check_trees(model: Any) -> None:
    """Raise Invalid (`invalid_model`, reason `cyclic_tree`) for an ensemble in which a node can be reached twice."""
    for node in nodes_of(model):
        if node.op_type in ("TreeEnsembleClassifier", "TreeEnsembleRegressor"):
            _check(*_by_id(_attributes(node)))
        elif node.op_type == "TreeEnsemble":
            _check(*_by_index(_attributes(node)))


def _attributes(node: Any) -> dict[str, Any]:
    return {attribute.name: attribute for attribute in node.attribute}


def _by_id(attributes: dict[str, Any]) -> tuple[int, Indices, Indices]:
    """Return how many nodes there are, and the edges parent -> child, where (tree, node) pairs name the nodes."""
    trees, ids = _ints(attributes, "nodes_treeids"), _ints(attributes, "nodes_nodeids")
    targets = [_ints(attributes, "nodes_truenodeids"), _ints(attributes, "nodes_falsenodeids")]
    modes = attributes["nodes_modes"].strings if "nodes_modes" in attributes else []
    if not len(trees) == len(ids) == len(modes) == len(targets[0]) == len(targets[1]):
        raise _broken("lists of different lengths")
    keys = {key: place for place, key in enumerate(zip(trees.tolist(), ids.tolist(), strict=True))}
    if len(keys) != len(ids):
        raise _broken("two nodes of one name")
    branches = [place for place, mode in enumerate(modes) if mode != _LEAF]
    children = [keys.get((int(trees[place]), int(target[place])), -1) for target in targets for place in branches]
    return len(ids), np.array(branches * 2, dtype=np.int64), np.array(children, dtype=np.int64)


def _by_index(attributes: dict[str, Any]) -> tuple[int, Indices, Indices]:
    """Return the same for the operator in which nodes are named by their place, and leaves have a list of their own."""
    count = len(_ints(attributes, "nodes_truenodeids"))
    parents, children = [], []
    for side in ("true", "false"):
        targets, leaves = _ints(attributes, f"nodes_{side}nodeids"), _ints(attributes, f"nodes_{side}leafs")
        if not len(targets) == len(leaves) == count:
            raise _broken("lists of different lengths")
        inner = leaves == 0
        parents.append(np.flatnonzero(inner))
        children.append(targets[inner])
    roots = _ints(attributes, "tree_roots")
    found = np.concatenate(children)
    if np.any((roots < 0) | (roots >= count)) or np.isin(roots, found).any() or len(set(roots.tolist())) != len(roots):
        raise _broken("a root that is not one", reason="cyclic_tree")
    return count, np.concatenate(parents), found


def _check(count: int, parents: Indices, children: Indices) -> None:
    if np.any((children < 0) | (children >= count)):
        raise _broken("a child that does not exist")
    if len(children) and np.bincount(children, minlength=count).max() > 1:
        raise _broken("a node with two parents", reason="cyclic_tree")
    above = np.arange(count)
    above[children] = parents
    # Each step doubles how far up a node looks; after this many, all but the nodes of a cycle look at their root.
    for _ in range(max(count, 1).bit_length()):
        above = above[above]
    is_root = np.ones(count, dtype=np.bool_)
    is_root[children] = False
    if not is_root[above].all():
        raise _broken("a node below itself", reason="cyclic_tree")


def _ints(attributes: dict[str, Any], name: str) -> Indices:
    return np.array(attributes[name].ints if name in attributes else [], dtype=np.int64)


def _broken(what: str, reason: str = "broken_tree") -> Invalid:
    return Invalid(f"the tree ensemble has {what}", code="invalid_model", details={"reason": reason})
