"""What the bytes of a model alone give reason to refuse; nothing of it is run."""

from __future__ import annotations

import io
import json
import pickle
import tarfile
import zipfile
from typing import Any

import numpy as np
import onnx
import pytest
from judging import AXIS, SUMS, Judged, identity
from onnx import TensorProto, helper
from sample_models import model_of
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier

ROWS = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
CLASSES = (ROWS[:, 0] + ROWS[:, 1] > 0).astype(np.int64)


def archive(kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as zipped:
            zipped.writestr("../../evil.onnx", identity())
    else:
        with tarfile.open(fileobj=buffer, mode="w") as tarred:
            tarred.addfile(tarfile.TarInfo("../../evil.onnx"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        *((pickle.dumps({"a": 1}, protocol), "unsupported_format") for protocol in range(6)),
        (archive("zip"), "unsupported_format"),
        (archive("tar"), "unsupported_format"),
        (b"\x1f\x8b\x08\x00" + bytes(100), "unsupported_format"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "unsupported_format"),
        (b"#!/bin/sh\nrm -rf /\n", "unsupported_format"),
        (bytes(1_000), "unsupported_format"),
        (json.dumps({"model": "iris"}).encode(), "unsupported_format"),
        (b"", "invalid_model"),
        (b"\x08", "invalid_model"),
        (b"\x08\x07", "invalid_model"),
        (b"\x08" + np.random.default_rng(1).bytes(5_000), "invalid_model"),
        (identity()[:-30], "invalid_model"),
        (identity() + b"\x3a\x05", "invalid_model"),
    ],
)
def test_what_is_not_a_whole_onnx_model_is_refused(judged: Judged, data: bytes, code: str) -> None:
    assert judged.verdict(data, SUMS).code == code


@pytest.mark.parametrize(
    "model",
    [
        model_of([helper.make_node("Neg", ["x"], ["y"])], opset=999),
        model_of([helper.make_node("Neg", ["absent"], ["y"])]),
        model_of([helper.make_node("Neg", ["x"], ["y"]), helper.make_node("Abs", ["x"], ["y"])]),
        model_of([helper.make_node("Reshape", ["x", "axis"], ["y"], allowzero="yes")], initializers=[AXIS]),
    ],
    ids=["a newer opset", "an input that nobody makes", "two makers of one output", "an attribute of another type"],
)
def test_a_graph_that_does_not_hold_together_is_refused(judged: Judged, model: bytes) -> None:
    verdict = judged.verdict(model, SUMS)
    assert verdict.code == "invalid_model"
    assert "/" not in verdict.message


def external() -> TensorProto:
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [2], [0.0, 0.0])
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"
    return tensor


def model_with(place: str) -> bytes:
    """A model with external data in one of the places where a tensor can be."""
    add = helper.make_node("Add", ["x", "w"], ["y"])
    if place == "initializer":
        return model_of([add], initializers=[external()])
    if place == "attribute":
        return model_of([helper.make_node("Constant", [], ["w"], value=external()), add])
    if place == "function":
        constant = helper.make_node("Constant", [], ["w"], value=external())
        function = helper.make_function("own", "F", [], ["w"], [constant], [helper.make_opsetid("", 18)])
        opsets = [helper.make_opsetid("own", 1)]
        return model_of([helper.make_node("F", [], ["w"], domain="own"), add], functions=[function], opsets=opsets)
    if place == "sparse initializer":
        model = onnx.load_model_from_string(model_of([add]))
        indices = helper.make_tensor("i", TensorProto.INT64, [1], [0])
        values = external()
        model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [2]))
        return model.SerializeToString()
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["z"], value=external())],
        "b",
        [],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)],
    )
    condition = helper.make_tensor("c", TensorProto.BOOL, [], [True])
    chosen = helper.make_node("If", ["c"], ["w"], then_branch=branch, else_branch=branch)
    return model_of([chosen, add], initializers=[condition])


@pytest.mark.parametrize("place", ["initializer", "attribute", "subgraph", "function", "sparse initializer"])
def test_external_data_is_refused_wherever_it_is(judged: Judged, place: str) -> None:
    assert judged.verdict(model_with(place), SUMS).code == "external_data_forbidden"


@pytest.mark.parametrize(
    ("node", "operator"),
    [
        (helper.make_node("RandomNormalLike", ["x"], ["y"]), "RandomNormalLike"),
        (helper.make_node("ZipMap", ["x"], ["y"], domain="ai.onnx.ml"), "ai.onnx.ml.ZipMap"),
        (helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoft"), "com.microsoft.Gelu"),
        (helper.make_node("Own", ["x"], ["y"], domain="own"), "own.Own"),
    ],
)
def test_an_operator_that_is_not_listed_is_refused_by_name(judged: Judged, node: Any, operator: str) -> None:
    verdict = judged.verdict(model_of([node], opsets=[helper.make_opsetid("own", 1)]), SUMS)
    assert (verdict.code, verdict.details) == ("unsupported_operator", {"operator": operator})


def test_a_loop_is_refused_even_inside_a_branch(judged: Judged) -> None:
    out = [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)]
    body = helper.make_graph([], "body", [], [])
    loop = helper.make_node("Loop", ["n", "c", "x"], ["z"], body=body)
    branch = helper.make_graph([loop], "branch", [], out)
    chosen = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    assert judged.verdict(model_of([chosen]), SUMS).details == {"operator": "Loop"}


def test_a_model_of_its_own_functions_is_refused(judged: Judged) -> None:
    negate = helper.make_node("Neg", ["a"], ["b"])
    function = helper.make_function("own", "F", ["a"], ["b"], [negate], [helper.make_opsetid("", 18)])
    node = helper.make_node("F", ["x"], ["y"], domain="own")
    model = model_of([node], functions=[function], opsets=[helper.make_opsetid("own", 1)])
    assert judged.verdict(model, SUMS).code == "unsupported_operator"


def forest() -> bytes:
    fitted = RandomForestClassifier(3, max_depth=3, random_state=0).fit(ROWS, CLASSES)
    opset = {"": 18, "ai.onnx.ml": 3}
    return to_onnx(fitted, ROWS[:1], options={"zipmap": False}, target_opset=opset).SerializeToString()


def with_child(data: bytes, attribute: str, child: Any) -> bytes:
    """The ensemble with one child id of its first branching node that is not the root changed."""
    model = onnx.load_model_from_string(data)
    for node in model.graph.node:
        found = {entry.name: entry for entry in node.attribute}
        if attribute in found:
            modes = found["nodes_modes"].strings
            place = next(index for index, mode in enumerate(modes) if index > 0 and mode != b"LEAF")
            found[attribute].ints[place] = child(found, place)
    return model.SerializeToString()


@pytest.mark.parametrize("attribute", ["nodes_truenodeids", "nodes_falsenodeids"])
@pytest.mark.parametrize(
    ("child", "reason"),
    [
        (lambda found, place: 0, "cyclic_tree"),
        (lambda found, place: found["nodes_nodeids"].ints[place], "cyclic_tree"),
        (lambda found, place: found["nodes_truenodeids"].ints[0], "cyclic_tree"),
        (lambda found, place: 10**9, "broken_tree"),
        (lambda found, place: -1, "broken_tree"),
    ],
    ids=["the root", "itself", "another's child", "nobody", "less than nobody"],
)
def test_a_tree_that_is_no_tree_is_refused_before_it_is_run(judged: Judged, attribute, child, reason: str) -> None:
    verdict = judged.verdict(with_child(forest(), attribute, child), SUMS)
    assert (verdict.code, verdict.details) == ("invalid_model", {"reason": reason})


def indexed_trees(true_child: int, *, roots: list[int]) -> bytes:
    """Two nodes and three leaves in the operator that names nodes by their place."""
    node = helper.make_node(
        "TreeEnsemble",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        n_targets=1,
        tree_roots=roots,
        nodes_featureids=[0, 1],
        nodes_modes=helper.make_tensor("m", TensorProto.UINT8, [2], [0, 0]),
        nodes_splits=helper.make_tensor("s", TensorProto.FLOAT, [2], [0.0, 0.0]),
        nodes_truenodeids=[true_child, 0],
        nodes_trueleafs=[0, 1],
        nodes_falsenodeids=[0, 1],
        nodes_falseleafs=[1, 1],
        leaf_targetids=[0, 0],
        leaf_weights=helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0]),
    )
    return model_of([node], opsets=[helper.make_opsetid("ai.onnx.ml", 5)])


def test_the_newer_tree_operator_is_checked_alike(judged: Judged) -> None:
    assert judged.verdict(indexed_trees(1, roots=[0]), SUMS).ok
    for true_child, roots in ((0, [0]), (1, [1]), (1, [0, 0]), (7, [0])):
        verdict = judged.verdict(indexed_trees(true_child, roots=roots), SUMS)
        assert verdict.code == "invalid_model"
        assert verdict.details["reason"] in ("cyclic_tree", "broken_tree")
