"""Requests that are wrong: each is answered with 4xx, an error document, and the place of the fault."""

from __future__ import annotations

import json

import pytest
from served_models import SETOSA, churn

GOOD = b'{"features": [[5.1, 3.5, 1.4, 0.2]]}'
NAMED = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}


def features(cell: str) -> bytes:
    return b'{"features": [[5.1, 3.5, 1.4, 0.2], [5.1, 3.5, %b, 0.2]]}' % cell.encode()


def records(**changed: object) -> bytes:
    named = {name: value for name, value in {**NAMED, **changed}.items() if value is not ...}
    return json.dumps({"records": [NAMED, named]}).encode()


PETAL_LENGTH = {"row": 1, "column": "petal_length"}
MISFITS = [
    ("a string for a number", features('"1.4"'), "wrong_type", PETAL_LENGTH),
    ("a string NaN for a number", features('"NaN"'), "wrong_type", PETAL_LENGTH),
    ("a boolean for a number", features("true"), "wrong_type", PETAL_LENGTH),
    ("a list for a number", features("[1.4]"), "wrong_type", PETAL_LENGTH),
    ("null where nothing may be missing", features("null"), "missing_value", PETAL_LENGTH),
    ("a number beyond float32", features("1e39"), "out_of_range", PETAL_LENGTH),
    ("a number beyond all floats", features("-1e400"), "out_of_range", PETAL_LENGTH),
    ("a number of 500 digits", features("9" * 500), "out_of_range", PETAL_LENGTH),
    ("a number of 5,000 digits", features("9" * 5_000), "out_of_range", PETAL_LENGTH),
    ("a ragged row", b'{"features": [[5.1, 3.5, 1.4, 0.2], [5.1, 3.5, 1.4]]}', "wrong_width", {"row": 1}),
    ("a row too wide", b'{"features": [[5.1, 3.5, 1.4, 0.2, 7]]}', "wrong_width", {"row": 0}),
    ("a row that is none", b'{"features": [5.1, 3.5, 1.4, 0.2]}', "wrong_type", {"row": 0}),
    ("a record among features", b'{"features": [{"sepal_length": 5.1}]}', "wrong_type", {"row": 0}),
    ("a row among records", b'{"records": [[5.1, 3.5, 1.4, 0.2]]}', "wrong_type", {"row": 0}),
    ("rows that are no list", b'{"features": {"row": [5.1, 3.5, 1.4, 0.2]}}', "wrong_type", {}),
    ("an empty batch", b'{"features": []}', "empty_batch", {}),
    ("an empty batch of records", b'{"records": []}', "empty_batch", {}),
    ("no rows at all", b"{}", "features_or_records", {}),
    ("rows in both ways", b'{"features": [[5.1, 3.5, 1.4, 0.2]], "records": []}', "features_or_records", {}),
    ("a missing feature", records(petal_length=...), "missing_feature", PETAL_LENGTH),
    ("an unknown feature", records(colour=1), "unknown_feature", {"row": 1, "column": "colour"}),
    ("a wrong type by name", records(petal_length="x"), "wrong_type", PETAL_LENGTH),
    ("an unknown field", b'{"feature": [[5.1, 3.5, 1.4, 0.2]]}', "unknown_field", {}),
    ("a flag that is none", b'{"features": [[5.1, 3.5, 1.4, 0.2]], "return_probabilities": 1}', "wrong_type", {}),
    ("a list for a document", b"[[5.1, 3.5, 1.4, 0.2]]", "wrong_type", {}),
]
NOT_JSON = [
    ("nothing", b"", "empty_body"),
    ("NaN", features("NaN"), "invalid_json"),
    ("Infinity", features("-Infinity"), "invalid_json"),
    ("half of a surrogate pair", features(r'"\ud800"'), "invalid_json"),
    ("a key that is half of a surrogate pair", rb'{"features": [[5.1, 3.5, 1.4, 0.2]], "\ud800": 1}', "invalid_json"),
    ("bytes that are not UTF-8", b'{"features": [["\xff"]]}', "invalid_json"),
    ("a text cut short", GOOD[:-1], "invalid_json"),
    ("a text that goes on", GOOD + b"]", "invalid_json"),
    ("a comma too many", b'{"features": [[5.1, 3.5, 1.4, 0.2],]}', "invalid_json"),
    ("a form", b"features=5.1", "invalid_json"),
    ("a key given twice", b'{"features": [[5.1, 3.5, 1.4, 0.2]], "features": [[5.1, 3.5, 1.4, 0.2]]}', "duplicate_key"),
    (
        "a key given twice, once in escapes",
        rb'{"features": [[5.1, 3.5, 1.4, 0.2]], "\u0066eatures": []}',
        "duplicate_key",
    ),
    (
        "a feature given twice",
        json.dumps({"records": [NAMED]}).encode()[:-3] + b', "sepal_width": 1}]}',
        "duplicate_key",
    ),
    ("1,000 levels", b'{"features": ' + b"[" * 1_000, "too_deep"),
    ("90,000 levels", b'{"features": ' + b"[" * 90_000, "too_deep"),
    ("90,000 objects", b'{"a":' * 18_000, "too_deep"),
]


def refused(server, body: bytes):
    answer = server.http.post("/predict", content=body, headers={"content-type": "application/json"})
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert error["request_id"] == answer.headers["x-request-id"]
    assert error["message"]
    return answer.status_code, error


@pytest.mark.parametrize(("body", "code", "place"), [case[1:] for case in MISFITS], ids=[case[0] for case in MISFITS])
def test_rows_that_do_not_fit_are_refused_with_their_place(iris_server, body, code, place):
    status, error = refused(iris_server, body)
    assert (status, error["code"]) == (422, code)
    assert place.items() <= error["details"].items()


@pytest.mark.parametrize(("body", "code"), [case[1:] for case in NOT_JSON], ids=[case[0] for case in NOT_JSON])
def test_what_is_not_json_is_refused(iris_server, body, code):
    status, error = refused(iris_server, body)
    assert (status, error["code"]) == (400, code)


CUSTOMER = {"age": 61, "monthly fee": 20.5, "contract": "monthly", "city": "Bern"}


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("age", 61.5, "wrong_type"),
        ("age", "61", "wrong_type"),
        ("age", True, "wrong_type"),
        ("age", None, "missing_value"),
        ("age", 2**63, "out_of_range"),
        ("age", -(2**63) - 1, "out_of_range"),
        ("contract", 1, "wrong_type"),
        ("contract", "weekly", "unknown_category"),
        ("contract", None, "missing_value"),
        ("city", False, "wrong_type"),
    ],
)
def test_each_dtype_refuses_what_is_not_of_it(serving, column, value, code):
    status, error = refused(serving(churn), json.dumps({"records": [{**CUSTOMER, column: value}]}).encode())
    assert (status, error["code"]) == (422, code)
    assert error["details"] == {"row": 0, "column": column}


def test_the_largest_whole_numbers_are_taken(serving):
    for age in (2**63 - 1, -(2**63)):
        assert serving(churn).predict(records=[{**CUSTOMER, "age": age}]).status_code == 200


def test_a_mistyped_name_is_answered_with_the_one_that_was_meant(iris_server):
    _, error = refused(iris_server, records(petal_length=..., petal_lenght=1.4))
    assert error["code"] == "unknown_feature"
    assert "did you mean 'petal_length'?" in error["message"]


def test_an_unknown_category_is_answered_with_the_known_ones(serving):
    _, error = refused(serving(churn), json.dumps({"records": [{**CUSTOMER, "contract": "weekly"}]}).encode())
    assert "'monthly', 'yearly'" in error["message"]


def test_no_value_of_a_request_is_ever_repeated(iris_server):
    for body in (features('"hunter2"'), records(petal_length="hunter2"), b'{"features": "hunter2"}', b'{"x: hunter2'):
        assert "hunter2" not in json.dumps(refused(iris_server, body)[1])


def test_a_duplicate_is_found_behind_values_full_of_colons(serving):
    server = serving(churn)
    good = json.dumps({"records": [{**CUSTOMER, "city": '":":"'}]}).encode()
    assert server.http.post("/predict", content=good).status_code == 200
    assert refused(server, good.replace(b'"city"', b'"age": 1, "city"'))[1]["code"] == "duplicate_key"


def test_the_server_answers_as_before_after_all_of_these(iris_server):
    for _, body, *_ in (*MISFITS, *NOT_JSON):
        refused(iris_server, body)
    assert iris_server.predict(features=[SETOSA]).json()["predictions"] == ["setosa"]
    assert iris_server.process.poll() is None
