"""Answers of a model server: the same as the original's, in the shapes that callers were promised."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from served_models import IRIS_NAMES, SETOSA, churn, houses, iris, negation, reciprocal

from mlp.errors import Invalid
from mlp.inference.predict.careful import CarefulReader
from mlp.inference.predict.decode import Decoder

SPECIES = ["setosa", "versicolor", "virginica"]
CUSTOMER = {"age": 61, "monthly fee": 20.5, "contract": "monthly", "city": "Bern"}


def test_rows_by_position_and_by_name_get_the_same_answer(iris_server):
    by_position = iris_server.predict(features=[SETOSA])
    by_name = iris_server.predict(records=[dict(zip(reversed(IRIS_NAMES), reversed(SETOSA), strict=True))])
    assert by_position.status_code == 200
    assert by_position.json() == by_name.json()
    assert by_position.json() == {"predictions": ["setosa"], "model": {"name": "iris", "version": 1}}


def test_probabilities_and_classes_come_when_they_are_asked_for(iris_server):
    answer = iris_server.predict(features=[SETOSA], return_probabilities=True).json()
    assert answer["classes"] == SPECIES
    np.testing.assert_allclose(answer["probabilities"], iris().original.predict_proba([SETOSA]), atol=1e-5)
    assert sorted(answer) == ["classes", "model", "predictions", "probabilities"]


@pytest.mark.parametrize("rows", [1, 300, 3_000])
def test_batches_of_every_size_are_answered_in_order(iris_server, rows):
    batch = np.random.default_rng(5).uniform(0.1, 8, (rows, 4)).round(1)
    answer = iris_server.predict(features=batch.tolist())
    assert answer.json()["predictions"] == iris().original.predict(batch.astype(np.float32)).tolist()


def test_mixed_columns_and_boolean_labels_are_answered_as_trained(serving):
    import pandas as pd

    records = [CUSTOMER, {**CUSTOMER, "age": 30}, {**CUSTOMER, "contract": "yearly", "city": "Zürich"}]
    answer = serving(churn).predict(records=records, return_probabilities=True).json()
    assert answer["predictions"] == churn().original.predict(pd.DataFrame(records)).tolist()
    assert {type(label) for label in answer["predictions"]} == {bool}
    assert answer["classes"] == [False, True]


def test_a_whole_number_may_be_written_with_a_point(serving):
    server = serving(churn)
    assert server.predict(records=[{**CUSTOMER, "age": 61.0}]).json() == server.predict(records=[CUSTOMER]).json()


def test_a_missing_value_is_null_where_the_signature_allows_it(serving):
    answer = serving(churn).predict(records=[{**CUSTOMER, "monthly fee": None}])
    assert answer.status_code == 200


def test_several_outputs_are_lists_and_float64_keeps_its_precision(serving):
    rows = [[0.1, 0.2, 0.3], [-1.7, 2.5, 0.25]]
    answer = serving(houses).predict(features=rows).json()
    np.testing.assert_allclose(answer["predictions"], houses().original.predict(rows), rtol=1e-12)


def test_a_single_output_is_a_list_of_numbers_and_what_is_not_finite_is_null(serving):
    assert serving(reciprocal).predict(features=[[4], [0], [None]]).json()["predictions"] == [0.25, None, None]


def test_booleans_are_taken_where_the_signature_says_bool(serving):
    assert serving(negation).predict(features=[[True], [False]]).json()["predictions"] == [False, True]


def test_asking_a_model_without_probabilities_for_them_is_refused(serving):
    answer = serving(houses).predict(features=[[1, 2, 3]], return_probabilities=True)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "no_probabilities")


CELLS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(["monthly", "yearly", "Bern", "a:b", 61, 20.5])
    | st.lists(st.integers(), max_size=1)
)
ROWS = st.lists(st.tuples(st.sampled_from([61, 61.0, 1]), CELLS, CELLS, CELLS).map(list) | CELLS, max_size=2)
RECORDS = st.lists(st.fixed_dictionaries(dict.fromkeys(CUSTOMER, CELLS)), max_size=2)


@settings(max_examples=500, deadline=None)
@given(
    st.fixed_dictionaries(
        {}, optional={"features": ROWS, "records": RECORDS, "return_probabilities": st.booleans() | st.integers(0, 1)}
    )
)
def test_what_the_fast_way_reads_the_careful_way_reads_alike(request):
    signature = churn().version.signature
    body = json.dumps(request).encode()
    read = outcome(Decoder(signature).decode, body)
    assert read == outcome(CarefulReader(signature).read, body)


def outcome(read, body):
    try:
        return read(body)
    except Invalid as error:
        return error.code, dict(error.details)
