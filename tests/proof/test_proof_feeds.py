from __future__ import annotations

import numpy as np
import pytest

from mlp.api.signature import DType, Feature, Layout, Outputs, Signature, Task
from mlp.errors import Invalid
from mlp.proof import feeds_of

PRICE = Outputs(task=Task.REGRESSION, prediction="price")


def feature(name="x", dtype=DType.FLOAT32, tensor=None, **options):
    return Feature(name=name, dtype=dtype, tensor=tensor or name, **options)


def matrix(*features):
    tensors = tuple(each.model_copy(update={"tensor": "features"}) for each in features)
    return Signature(inputs=tensors, layout=Layout.MATRIX, outputs=PRICE)


def columns(*features):
    return Signature(inputs=features, layout=Layout.COLUMNS, outputs=PRICE)


def test_a_matrix_is_one_tensor_in_the_order_of_the_signature():
    feeds = feeds_of(matrix(feature("a"), feature("b"), feature("c")), [[1, 2.5, 3], [4, 5, 6.5]])
    assert list(feeds) == ["features"]
    assert feeds["features"].dtype == np.float32
    assert feeds["features"].tolist() == [[1, 2.5, 3], [4, 5, 6.5]]


def test_columns_are_a_tensor_each_with_a_dtype_of_its_own():
    signature = columns(
        feature("age", DType.INT64),
        feature("fee", DType.FLOAT64),
        feature("vip", DType.BOOL),
        feature("plan", DType.STRING),
    )
    feeds = feeds_of(signature, [[31, 9.5, True, "pro"], [45, 80, False, "basic"]])
    assert [tensor.shape for tensor in feeds.values()] == [(2, 1)] * 4
    assert [feeds[name].dtype for name in ("age", "fee", "vip", "plan")] == [np.int64, np.float64, np.bool_, object]
    assert feeds["plan"].tolist() == [["pro"], ["basic"]]


def test_a_missing_value_is_nan_or_the_empty_string():
    signature = columns(feature("fee", nullable=True), feature("plan", DType.STRING, nullable=True))
    feeds = feeds_of(signature, [[None, None]])
    assert np.isnan(feeds["fee"]).all()
    assert feeds["plan"].tolist() == [[""]]


def test_no_rows_are_tensors_without_rows():
    assert feeds_of(matrix(feature("a"), feature("b")), [])["features"].shape == (0, 2)
    assert feeds_of(columns(feature("a"), feature("plan", DType.STRING)), [])["plan"].shape == (0, 1)


@pytest.mark.parametrize(
    ("given", "row"),
    [
        (feature(), [None]),
        (feature(), ["1"]),
        (feature(), [1, 2]),
        (feature(), []),
        (feature(dtype=DType.INT64), [1.5]),
        (feature(dtype=DType.INT64), [2**63]),
        (feature(dtype=DType.BOOL), [1]),
        (feature(dtype=DType.STRING), [1]),
        (feature(dtype=DType.STRING), [None]),
    ],
)
def test_a_cell_that_does_not_fit_is_refused(given, row):
    with pytest.raises(Invalid) as refused:
        feeds_of(columns(given), [row])
    assert refused.value.code == "invalid_row"
