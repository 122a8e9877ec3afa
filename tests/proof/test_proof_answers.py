from __future__ import annotations

import numpy as np
import pytest

from mlp.api.receipt import GoldenRows
from mlp.api.signature import DType, Feature, Layout, Outputs, Signature, Task
from mlp.errors import Invalid
from mlp.proof import Answers, answers_of, golden_answers, labels_as_trained

X = (Feature(name="x", dtype=DType.FLOAT32, tensor="x"),)


def signature(**outputs):
    return Signature(inputs=X, layout=Layout.MATRIX, outputs=Outputs(prediction="y", **outputs))


CLASSES = signature(task=Task.CLASSIFICATION, probabilities="p", classes=("a", "b"))


def test_a_classifier_answers_labels_and_probabilities():
    outputs = {"y": np.array(["a", "b"]), "p": np.array([[0.9, 0.1], [0.2, 0.8]], dtype=np.float32)}
    answers = answers_of(CLASSES, outputs, 2)
    assert answers.predictions.tolist() == ["a", "b"]
    assert answers.probabilities.shape == (2, 2)
    assert len(answers) == 2


def test_a_column_of_values_is_a_value_a_row():
    assert answers_of(signature(task=Task.REGRESSION), {"y": np.ones((3, 1))}, 3).predictions.shape == (3,)
    assert answers_of(signature(task=Task.REGRESSION, width=2), {"y": np.ones((3, 2))}, 3).predictions.shape == (3, 2)


@pytest.mark.parametrize(
    "outputs",
    [
        {"y": np.array(["a"]), "p": np.ones((2, 2), dtype=np.float32)},
        {"y": np.array(["a", "b"]), "p": np.ones((2, 3), dtype=np.float32)},
        {"y": np.array(["a", "b"]), "p": np.ones((2, 2), dtype=np.int64)},
        {"y": np.array(["a", "b"]), "p": np.ones(2, dtype=np.float32)},
    ],
)
def test_a_shape_that_was_not_promised_is_refused(outputs):
    with pytest.raises(Invalid) as refused:
        answers_of(CLASSES, outputs, 2)
    assert refused.value.code == "invalid_output"


@pytest.mark.parametrize(
    ("classes", "answered", "trained"),
    [
        ((False, True), [0, 1], [False, True]),
        ((0.0, 1.0), [1, 0], [1.0, 0.0]),
        ((-1, 1), [-1, 1], [-1, 1]),
        (("0", "1"), ["1", "0"], ["1", "0"]),
        (None, [3, 4], [3, 4]),
    ],
)
def test_labels_are_those_of_the_training(classes, answered, trained):
    labels = labels_as_trained(signature(task=Task.CLASSIFICATION, classes=classes), np.array(answered))
    assert list(map(repr, labels)) == list(map(repr, trained))


def test_golden_rows_hold_answers_of_the_same_form():
    golden = GoldenRows(features=((1.0,), (2.0,)), predictions=("a", "b"), probabilities=((0.9, 0.1), (0.2, 0.8)))
    answers = golden_answers(CLASSES, golden)
    assert answers.predictions.tolist() == ["a", "b"]
    assert answers.probabilities.tolist() == [[0.9, 0.1], [0.2, 0.8]]
    pairs = GoldenRows(features=((1.0,),), predictions=((1.5, 2.5),))
    assert golden_answers(signature(task=Task.REGRESSION, width=2), pairs).predictions.tolist() == [[1.5, 2.5]]


@pytest.mark.parametrize(
    "golden",
    [
        GoldenRows(features=((1.0,), (2.0,)), predictions=("a", 1.5)),
        GoldenRows(features=((1.0,), (2.0,)), predictions=((1.0,), (1.0, 2.0))),
    ],
)
def test_answers_of_another_shape_are_no_receipt(golden):
    with pytest.raises(Invalid) as refused:
        golden_answers(signature(task=Task.REGRESSION), golden)
    assert refused.value.code == "invalid_receipt"


def test_some_of_the_answers_keep_what_belongs_together():
    answers = Answers(np.array([1, 2, 3]), np.array([[0.1], [0.2], [0.3]])).take([2, 0])
    assert answers.predictions.tolist() == [3, 1]
    assert answers.probabilities.tolist() == [[0.3], [0.1]]
    assert Answers(np.array([1, 2])).take(np.array([1])).probabilities is None
