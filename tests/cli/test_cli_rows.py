"""Rows that people type or keep in files become requests, or a message that names what is wrong."""

import json

import pytest

from mlp.api.documents import SignatureDocument
from mlp.api.signature import DType, Feature, Layout, Outputs, Signature, Task
from mlp.cli.rows import example_request, request_from_file, request_from_inputs
from mlp.errors import Invalid, NotFound


@pytest.fixture
def signature() -> SignatureDocument:
    return Signature(
        layout=Layout.COLUMNS,
        inputs=(
            Feature(name="age", dtype=DType.FLOAT32, tensor="age", minimum=18, maximum=80),
            Feature(name="calls", dtype=DType.INT64, tensor="calls", minimum=0, maximum=9),
            Feature(name="plan", dtype=DType.STRING, tensor="plan", categories=("basic", "pro"), closed=True),
            Feature(name="active", dtype=DType.BOOL, tensor="active"),
            Feature(name="income", dtype=DType.FLOAT64, tensor="income", nullable=True),
        ),
        outputs=Outputs(task=Task.REGRESSION, prediction="y"),
    ).model_dump(mode="json")


def test_values_take_the_type_of_their_feature(signature):
    request = request_from_inputs(
        signature, ["age=45", "calls=2", "plan=pro", "active=true", "income=1e3"], name="churn"
    )
    assert request["records"] == [{"age": 45.0, "calls": 2, "plan": "pro", "active": True, "income": 1000.0}]


def test_a_feature_that_may_be_missing_may_be_left_out(signature):
    request = request_from_inputs(signature, ["age=45", "calls=2", "plan=pro", "active=0"], name="churn")
    assert request["records"][0]["income"] is None


@pytest.mark.parametrize(
    ("inputs", "code", "message"),
    [
        (["agee=1"], "unknown_feature", "did you mean age?"),
        (["age=1"], "missing_feature", "calls, plan, active"),
        (["age=old"], "invalid_value", "age is a number"),
        (["age=nan"], "invalid_value", "age is a number"),
        (["age=inf"], "invalid_value", "age is a number"),
        (["calls=2.5"], "invalid_value", "calls is a whole number"),
        (["active=perhaps"], "invalid_value", "active is true or false"),
        (["age"], "invalid_value", "FEATURE=VALUE"),
        (["age=1", "age=2"], "invalid_value", "twice"),
        ([], "no_rows", "-i FEATURE=VALUE"),
    ],
)
def test_what_is_wrong_with_an_input_is_named(signature, inputs, code, message):
    with pytest.raises(Invalid) as caught:
        request_from_inputs(signature, inputs, name="churn")
    assert caught.value.code == code
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("document", "rows"),
    [
        ({"age": 1, "calls": 2}, [{"age": 1, "calls": 2}]),
        ([{"age": 1}], [{"age": 1}]),
        ({"records": [{"age": None}]}, [{"age": None}]),
    ],
)
def test_json_may_be_a_record_a_list_or_a_whole_request(signature, tmp_path, document, rows):
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(document))
    assert request_from_file(signature, path, name="churn")["records"] == rows


def test_a_list_of_lists_is_features_by_position(signature, tmp_path):
    path = tmp_path / "rows.json"
    path.write_text('[[45, 2, "pro", true, null]]')
    assert request_from_file(signature, path, name="churn")["features"] == [[45, 2, "pro", True, None]]


def test_csv_is_read_by_its_header_whatever_the_order(signature, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("plan,age,calls,active,income\npro,45,2,true,\nbasic,50,0,false,2.5\n")
    records = request_from_file(signature, path, name="churn")["records"]
    assert records[0] == {"plan": "pro", "age": 45.0, "calls": 2, "active": True, "income": None}
    assert records[1]["income"] == 2.5


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", "no_rows", "is empty"),
        (" \n", "no_rows", "is empty"),
        ("1,2,3\n", "invalid_rows_file", "names none of the features"),
        ("age,calls,plam,active\n1,2,pro,true\n", "unknown_feature", "did you mean plan?"),
        ("age,calls,plan,active\n", "invalid_rows_file", "no row"),
        ("age,calls,plan,active\n1,2\n", "invalid_rows_file", "line 2 has 2 values"),
        ("age,calls\n1,2\n", "missing_feature", "plan, active"),
        ('{"records": [', "invalid_rows_file", "not JSON (line 1)"),
        ("[" * 100_000, "invalid_rows_file", "not JSON"),
        ('[{"age": [1]}]', "invalid_rows_file", "records.0.age"),
        ("[[1, NaN]]", "invalid_rows_file", "features.0.1"),
        ('{"records": [{"age": 1}], "rows": []}', "invalid_rows_file", "rows is not a value"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(signature, tmp_path, text, code, message):
    path = tmp_path / "rows"
    path.write_text(text)
    with pytest.raises(Invalid) as caught:
        request_from_file(signature, path, name="churn")
    assert caught.value.code == code
    assert message in caught.value.message


def test_a_file_that_is_not_there_is_not_found(signature, tmp_path):
    with pytest.raises(NotFound):
        request_from_file(signature, tmp_path / "none.csv", name="churn")


def test_the_example_is_a_request_that_fits(signature):
    example = example_request(signature)
    assert example == {"records": [{"age": 49.0, "calls": 4, "plan": "basic", "active": True, "income": 0.0}]}
