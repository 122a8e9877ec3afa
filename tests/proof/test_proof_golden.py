from __future__ import annotations

import numpy as np
import pytest

from mlp.api.receipt import GoldenRows, Receipt, SampleKind
from mlp.api.signature import DType, Feature, Layout, Outputs, Signature, Task
from mlp.errors import Invalid, Unproved
from mlp.proof import Feeds, reproduce

DOUBLING = Signature(
    inputs=(Feature(name="x", dtype=DType.FLOAT32, tensor="x"),),
    layout=Layout.MATRIX,
    outputs=Outputs(task=Task.REGRESSION, prediction="y"),
)


def doubles(feeds: Feeds):
    return {"y": feeds["x"] * 2}


def receipt(*rows: tuple[float, float]) -> Receipt:
    golden = GoldenRows(features=tuple((x,) for x, _ in rows), predictions=tuple(y for _, y in rows))
    return Receipt(sample=SampleKind.GIVEN, rows=len(rows), golden=golden)


def test_the_same_answers_reproduce_a_receipt():
    comparison = reproduce(doubles, DOUBLING, receipt((1.0, 2.0), (0.1, 0.2)))
    assert comparison.agrees
    assert comparison.rows == 2


def test_other_answers_do_not_and_the_rows_are_named():
    with pytest.raises(Unproved) as refused:
        reproduce(doubles, DOUBLING, receipt((1.0, 2.0), (1.0, 2.1), (1.0, 3.0)))
    assert refused.value.code == "golden_rows_failed"
    assert refused.value.details["rows"] == [2, 1]
    assert "2 of 3" in refused.value.message


def test_a_receipt_without_golden_rows_claims_nothing():
    assert reproduce(doubles, DOUBLING, Receipt(sample=SampleKind.NONE, rows=0)) is None


def test_rows_of_another_model_are_refused():
    wide = GoldenRows(features=((1.0, 2.0),), predictions=(2.0,))
    with pytest.raises(Invalid) as refused:
        reproduce(doubles, DOUBLING, Receipt(sample=SampleKind.GIVEN, rows=1, golden=wide))
    assert refused.value.code == "invalid_row"


def test_a_graph_that_answers_too_few_rows_is_refused():
    with pytest.raises(Invalid) as refused:
        reproduce(lambda feeds: {"y": np.ones(1)}, DOUBLING, receipt((1.0, 2.0), (2.0, 4.0)))
    assert refused.value.code == "invalid_output"
