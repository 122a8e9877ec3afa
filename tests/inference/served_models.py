"""Small models of each kind, as a registry would hold them, with what the original answers."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris, make_regression
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mlp.api.model import ModelVersion, version_digest
from mlp.api.receipt import GoldenRows, Receipt, SampleKind
from mlp.api.signature import DType, Feature, Layout, Outputs, Signature, Task

IRIS_NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
SETOSA = (5.1, 3.5, 1.4, 0.2)


@dataclass(frozen=True)
class Published:
    """A version, its graph, and the model that it was made from."""

    version: ModelVersion
    blob: bytes
    original: Any = None


def published(
    name: str,
    blob: bytes,
    signature: Signature,
    golden: GoldenRows | None = None,
    *,
    number: int = 1,
    original: Any = None,
) -> Published:
    """Return what a push of these would have registered."""
    sha256 = hashlib.sha256(blob).hexdigest()
    kind = SampleKind.GIVEN if golden else SampleKind.NONE
    receipt = Receipt(sample=kind, rows=len(golden.features) if golden else 0, golden=golden)
    version = ModelVersion(
        name=name,
        version=number,
        digest=version_digest(sha256, signature, receipt),
        sha256=sha256,
        size=len(blob),
        signature=signature,
        receipt=receipt,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return Published(version, blob, original)


@cache
def iris(number: int = 1, wrong_answers: bool = False) -> Published:
    """Return a classifier of strings over one float32 matrix; with other golden answers than its own if asked."""
    measured, species = load_iris(return_X_y=True)
    measured = measured.astype(np.float32)
    names = np.array(["setosa", "versicolor", "virginica"])
    model = LogisticRegression(max_iter=1_000, C=1.0 / number).fit(measured, names[species])
    graph = to_onnx(model, measured[:1], options={"zipmap": False}).SerializeToString()
    rows = measured[::30]
    answers = model.predict(rows).tolist()
    golden = GoldenRows(
        features=[[float(cell) for cell in row] for row in rows],
        predictions=answers[::-1] if wrong_answers else answers,
        probabilities=model.predict_proba(rows).tolist(),
    )
    signature = Signature(
        inputs=[
            Feature(name=name, dtype=DType.FLOAT32, tensor="X", minimum=float(low), maximum=float(high))
            for name, low, high in zip(IRIS_NAMES, measured.min(axis=0), measured.max(axis=0), strict=True)
        ],
        layout=Layout.MATRIX,
        outputs=Outputs(
            task=Task.CLASSIFICATION, prediction="label", probabilities="probabilities", classes=tuple(names.tolist())
        ),
    )
    return published("iris", graph, signature, golden, number=number, original=model)


@cache
def churn() -> Published:
    """Return a classifier of booleans over columns: whole numbers, floats, a closed and an open set of strings."""
    import pandas as pd

    random = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 80, 200),
            "monthly fee": random.uniform(10, 100, 200).astype(np.float32),
            "contract": random.choice(["monthly", "yearly"], 200),
            "city": random.choice(["Basel", "Bern", "Zürich"], 200),
        }
    )
    model = make_pipeline(
        ColumnTransformer(
            [
                ("numbers", StandardScaler(), ["age", "monthly fee"]),
                ("words", OneHotEncoder(handle_unknown="ignore"), ["contract", "city"]),
            ]
        ),
        LogisticRegression(),
    )
    model.fit(frame, (frame["age"] > 50) & (frame["contract"] == "monthly"))
    types = [
        ("age", Int64TensorType([None, 1])),
        ("monthly fee", FloatTensorType([None, 1])),
        ("contract", StringTensorType([None, 1])),
        ("city", StringTensorType([None, 1])),
    ]
    graph = to_onnx(model, initial_types=types, options={"zipmap": False})
    tensors = [node.name for node in graph.graph.input]
    signature = Signature(
        inputs=[
            Feature(name="age", dtype=DType.INT64, tensor=tensors[0], minimum=18, maximum=79),
            Feature(name="monthly fee", dtype=DType.FLOAT32, tensor=tensors[1], nullable=True),
            Feature(
                name="contract", dtype=DType.STRING, tensor=tensors[2], categories=("monthly", "yearly"), closed=True
            ),
            Feature(name="city", dtype=DType.STRING, tensor=tensors[3], categories=("Basel", "Bern", "Zürich")),
        ],
        layout=Layout.COLUMNS,
        outputs=Outputs(
            task=Task.CLASSIFICATION, prediction="label", probabilities="probabilities", classes=(False, True)
        ),
    )
    return published("churn", graph.SerializeToString(), signature, original=model)


@cache
def houses() -> Published:
    """Return a regression with two outputs over float64 columns."""
    rows, targets = make_regression(50, 3, n_targets=2, random_state=3)
    model = LinearRegression().fit(rows, targets)
    graph = to_onnx(model, rows[:1]).SerializeToString()
    return published("houses", graph, _numbers("abc", "X", "variable", DType.FLOAT64, width=2), original=model)


@cache
def wide() -> Published:
    """Return a regression over 30 float32 columns: bodies of it are large before the model has much to do."""
    rows, targets = make_regression(100, 30, random_state=5)
    model = LinearRegression().fit(rows.astype(np.float32), targets)
    graph = to_onnx(model, rows[:1].astype(np.float32)).SerializeToString()
    names = [f"f{number}" for number in range(30)]
    return published("wide", graph, _numbers(names, "X", "variable", DType.FLOAT32), original=model)


@cache
def network(width: int = 1_024) -> Published:
    """Return a network of random weights: a row takes about a millisecond, and rows together take less."""
    random = np.random.default_rng(3)
    sizes = (8, width, width, width, 1)
    weights = [(random.normal(size=p) / p[0] ** 0.5).astype(np.float32) for p in itertools.pairwise(sizes)]
    nodes, last = [], "x"
    for number in range(len(weights)):
        nodes.append(helper.make_node("MatMul", [last, f"w{number}"], [f"sum{number}"]))
        nodes.append(helper.make_node("Tanh", [f"sum{number}"], [f"layer{number}"]))
        last = f"layer{number}"
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 8])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, [None, 1])],
        [numpy_helper.from_array(each, f"w{number}") for number, each in enumerate(weights)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    signature = _numbers([f"f{number}" for number in range(8)], "x", last, DType.FLOAT32)
    return published("network", model.SerializeToString(), signature)


@cache
def reciprocal() -> Published:
    """Return a graph that answers 1 / x, which for 0 is not finite."""
    return _elementwise("reciprocal", "Reciprocal", _numbers("x", "x", "y", DType.FLOAT32))


@cache
def negation() -> Published:
    """Return a graph over a matrix of booleans."""
    signature = Signature(
        inputs=[Feature(name="x", dtype=DType.BOOL, tensor="x")],
        layout=Layout.MATRIX,
        outputs=Outputs(task=Task.OTHER, prediction="y"),
    )
    return _elementwise("negation", "Not", signature, TensorProto.BOOL)


def identity(
    name: str, dtype: DType, kind: int, outputs: Outputs | None = None, *, nullable: bool = False
) -> Published:
    """Return a graph over one feature `x` that answers what it is asked, of that dtype and ONNX type."""
    signature = Signature(
        inputs=[Feature(name="x", dtype=dtype, tensor="x", nullable=nullable)],
        layout=Layout.MATRIX,
        outputs=outputs or Outputs(task=Task.OTHER, prediction="y"),
    )
    return _elementwise(name, "Identity", signature, kind)


def _numbers(names: Sequence[str], tensor: str, output: str, dtype: DType, width: int = 1) -> Signature:
    return Signature(
        inputs=[Feature(name=name, dtype=dtype, tensor=tensor, nullable=True) for name in names],
        layout=Layout.MATRIX,
        outputs=Outputs(task=Task.REGRESSION, prediction=output, width=width),
    )


def _elementwise(name: str, operator: str, signature: Signature, kind: int = TensorProto.FLOAT) -> Published:
    graph = helper.make_graph(
        [helper.make_node(operator, ["x"], ["y"])],
        name,
        [helper.make_tensor_value_info("x", kind, [None, 1])],
        [helper.make_tensor_value_info("y", kind, [None, 1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return published(name, model.SerializeToString(), signature)
