"""ONNX files that somebody else made: their signature is read from the graph, and nothing is claimed beyond it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from mlp.api.receipt import SampleKind
from mlp.api.signature import DType, Layout, Task
from mlp.errors import Invalid, MlpError, Unsupported
from mlp.packaging import Package, PackageRequest, package
from mlp.packaging.steps import package_source

LOGISTIC = LogisticRegression(max_iter=500)


@pytest.fixture
def pushed(tmp_path: Path):
    """Packages a graph, and a sample if there is one, as files."""

    def push(model: onnx.ModelProto, sample: pd.DataFrame | None = None, **options: object) -> Package:
        (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
        if sample is not None:
            sample.to_csv(tmp_path / "rows.csv", index=False)
            options["sample"] = tmp_path / "rows.csv"
        return package_source(PackageRequest(source=str(tmp_path / "model.onnx"), **options))

    return push


def converted(estimator, width=4):
    return to_onnx(
        estimator,
        initial_types=[("measures", FloatTensorType([None, width]))],
        options={id(estimator): {"zipmap": False}},
    )


def graph(inputs, outputs, nodes, initializers=()):
    """Return a model of one's own making: inputs and outputs are (name, element type, shape)."""
    made = helper.make_graph(
        nodes,
        "mine",
        [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info(*each) for each in outputs],
        list(initializers),
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


@pytest.mark.parametrize(
    "estimator",
    [LOGISTIC, RandomForestClassifier(5, random_state=0), KNeighborsClassifier(3), OneVsRestClassifier(LOGISTIC)],
    ids=lambda estimator: type(estimator).__name__,
)
def test_a_classifiers_classes_and_probabilities_are_found(estimator, iris, pushed, served):
    rows, species = iris
    built = pushed(converted(estimator.fit(rows.to_numpy(), species)), rows)
    signature = built.manifest.signature
    assert signature.layout is Layout.MATRIX
    assert signature.names == tuple(rows.columns)
    assert {feature.tensor for feature in signature.inputs} == {"measures"}
    assert signature.outputs.task is Task.CLASSIFICATION
    assert signature.outputs.classes == ("setosa", "versicolor", "virginica")
    assert signature.outputs.probabilities == "probabilities"
    assert set(built.manifest.receipt.golden.predictions) == set(species)
    assert served(built) > 0


def test_a_forest_that_was_packaged_here_is_found_out_alike(iris, pushed):
    rows, species = iris
    built = package(RandomForestClassifier(5, random_state=0).fit(rows, species), sample=rows)
    again = pushed(onnx.load_model_from_string(built.model), rows)
    assert again.manifest.signature.outputs == built.manifest.signature.outputs


def test_the_bytes_are_pushed_as_they_are(iris, pushed):
    model = converted(LOGISTIC.fit(iris[0].to_numpy(), iris[1]))
    assert pushed(model).model == model.SerializeToString()


def test_nothing_is_claimed_to_have_been_compared(iris, pushed):
    for sample in (iris[0], None):
        built = pushed(converted(LOGISTIC.fit(iris[0].to_numpy(), iris[1])), sample)
        receipt = built.manifest.receipt
        assert receipt.sample is SampleKind.NONE
        assert (receipt.rows, receipt.label_agreement, receipt.max_abs_diff) == (0, None, None)
        assert "scikit-learn" not in receipt.versions
        assert any("its own answers" in note for note in built.notes)
        assert built.manifest.source.framework == "onnx"


def test_scores_are_not_taken_for_probabilities(iris, pushed, served):
    fitted = LinearSVC(random_state=0).fit(iris[0].to_numpy(), iris[1])
    model = to_onnx(fitted, initial_types=[("measures", FloatTensorType([None, 4]))])
    built = pushed(model, iris[0])
    assert built.manifest.signature.outputs.probabilities is None
    assert served(built) == 32


@pytest.mark.parametrize("targets", [1, 2])
def test_a_regression_is_known_by_its_floats(targets, diabetes, pushed, served):
    rows, progress = diabetes
    fitted = LinearRegression().fit(rows, np.column_stack([progress] * targets))
    model = to_onnx(fitted, initial_types=[("measures", FloatTensorType([None, 10]))])
    built = pushed(model)
    assert built.manifest.signature.outputs.task is Task.REGRESSION
    assert built.manifest.signature.outputs.width == targets
    assert served(built) == 32


def test_inputs_of_one_column_each_keep_their_names(customers, pushed, served):
    rows, left = customers[0][["age", "contract"]], customers[1]
    columns = make_column_transformer((StandardScaler(), ["age"]), (OneHotEncoder(), ["contract"]))
    fitted = make_pipeline(columns, LOGISTIC).fit(rows, left)
    types = [("age", FloatTensorType([None, 1])), ("contract", StringTensorType([None, 1]))]
    built = pushed(to_onnx(fitted, initial_types=types, options={id(fitted): {"zipmap": False}}), rows)
    age, contract = built.manifest.signature.inputs
    assert built.manifest.signature.layout is Layout.COLUMNS
    assert (age.name, age.dtype, age.minimum) == ("age", DType.FLOAT32, float(rows["age"].min()))
    assert (contract.name, contract.dtype, contract.closed) == ("contract", DType.STRING, False)
    assert served(built) > 0


def test_whole_numbers_and_booleans_keep_their_types(pushed, served):
    shapes = [("count", TensorProto.INT64, [None, 1]), ("vip", TensorProto.BOOL, [None, 1])]
    nodes = [
        helper.make_node("Cast", ["count"], ["a"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["vip"], ["b"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["a", "b"], ["price"]),
    ]
    model = graph(shapes, [("price", TensorProto.FLOAT, [None, 1])], nodes)
    for sample in (pd.DataFrame({"count": [1.0, 2.0, 3.0], "vip": [True, False, True]}), None):
        built = pushed(model, sample)
        assert [feature.dtype for feature in built.manifest.signature.inputs] == [DType.INT64, DType.BOOL]
        assert all(type(cell) is bool for _, cell in built.manifest.receipt.golden.features)
        assert served(built) > 0


def test_an_open_width_is_that_of_the_sample(iris, pushed):
    model = graph(
        [("x", TensorProto.FLOAT, [None, None])],
        [("sum", TensorProto.FLOAT, [None, 1])],
        [helper.make_node("ReduceSum", ["x", "axis"], ["sum"])],
        [numpy_helper.from_array(np.array([1]), "axis")],
    )
    assert pushed(model, iris[0]).manifest.signature.names == tuple(iris[0].columns)
    with pytest.raises(Invalid) as refused:
        pushed(model)
    assert refused.value.code == "unknown_width"


def test_columns_that_the_graph_does_not_know_are_refused(customers, pushed):
    shapes = [("age", TensorProto.FLOAT, [None, 1]), ("tenure", TensorProto.FLOAT, [None, 1])]
    model = graph(
        shapes, [("sum", TensorProto.FLOAT, [None, 1])], [helper.make_node("Add", ["age", "tenure"], ["sum"])]
    )
    with pytest.raises(Invalid) as refused:
        pushed(model, customers[0][["age", "monthly charges"]])
    assert refused.value.code == "sample_columns"
    with pytest.raises(Invalid) as refused:
        pushed(model, pd.DataFrame({"age": ["old", "young"], "tenure": [1, 2]}))
    assert refused.value.code == "sample_types"


def _zipmap(iris):
    return to_onnx(LOGISTIC.fit(iris[0].to_numpy(), iris[1]), iris[0].to_numpy(dtype=np.float32)[:1])


def _external(iris):
    model = converted(LOGISTIC.fit(iris[0].to_numpy(), iris[1]))
    tensor = model.graph.initializer.add(name="weights", data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    return model


def _half(iris):
    shapes = [("x", TensorProto.FLOAT16, [None, 2])], [("y", TensorProto.FLOAT16, [None, 2])]
    return graph(*shapes, [helper.make_node("Identity", ["x"], ["y"])])


def _image(iris):
    shapes = [("x", TensorProto.FLOAT, [None, 3, 8, 8])], [("y", TensorProto.FLOAT, [None, 3, 8, 8])]
    return graph(*shapes, [helper.make_node("Identity", ["x"], ["y"])])


def _unknown_operator(iris):
    shapes = [("x", TensorProto.FLOAT, [None, 2])], [("y", TensorProto.FLOAT, [None, 2])]
    return graph(*shapes, [helper.make_node("Conjure", ["x"], ["y"])])


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (_zipmap, "zipmap_output"),
        (_external, "external_data"),
        (_half, "unsupported_input"),
        (_image, "unsupported_input"),
        (_unknown_operator, "invalid_graph"),
    ],
)
def test_a_graph_that_cannot_be_served_is_refused(make, code, iris, pushed):
    with pytest.raises(Unsupported) as refused:
        pushed(make(iris))
    assert refused.value.code == code


@pytest.mark.parametrize("content", [b"", b"not an onnx file", b"\x08\x0a\x12", b"\x80\x04\x95"])
def test_a_file_that_is_no_onnx_is_refused(content, tmp_path):
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(MlpError) as refused:
        package_source(PackageRequest(source=str(tmp_path / "model.onnx")))
    assert refused.value.code == "not_an_onnx"
