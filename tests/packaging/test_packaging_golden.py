"""Golden rows are safe ones, spread over what the model answers, and the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import LinearSVC

from mlp.api.model import Manifest
from mlp.errors import Unproved
from mlp.packaging import package
from mlp.packaging.golden import spread
from mlp.packaging.session import Session
from mlp.proof import reproduce


def test_rows_are_taken_from_each_group_alike():
    groups = ["a"] * 90 + ["b"] * 8 + ["c"] * 2
    chosen = spread(range(100), groups, 12)
    counts = {name: sum(groups[row] == name for row in chosen) for name in "abc"}
    assert counts == {"a": 5, "b": 5, "c": 2}
    assert chosen == sorted(set(chosen))


def test_a_group_is_covered_from_end_to_end():
    assert spread(range(101), [None] * 101, 5) == [0, 25, 50, 75, 100]


def test_fewer_rows_than_wanted_are_all_taken():
    assert spread([3, 1], [None] * 5, 32) == [1, 3]
    assert spread([], [None] * 5, 32) == []


def test_more_groups_than_rows_wanted_are_no_trouble():
    chosen = spread(range(100), list(range(100)), 32)
    assert len(chosen) == 32


@pytest.mark.parametrize("count", [1, 5, 32])
def test_as_many_rows_are_stored_as_were_asked_for(count, iris):
    fitted = LogisticRegression(max_iter=500).fit(*iris)
    golden = package(fitted, sample=iris[0], golden=count).manifest.receipt.golden
    assert len(golden.features) == count


def test_no_row_is_stored_where_none_was_wanted(iris):
    built = package(LogisticRegression(max_iter=500).fit(*iris), sample=iris[0], golden=0)
    assert built.manifest.receipt.golden is None
    assert built.manifest.receipt.rows == 150
    assert not any("golden" in note for note in built.notes)


def test_every_class_is_among_the_rows_and_each_lies_clear_of_the_border(iris):
    golden = package(LogisticRegression(max_iter=500).fit(*iris), sample=iris[0]).manifest.receipt.golden
    assert set(golden.predictions) == {"setosa", "versicolor", "virginica"}
    leads = np.diff(np.sort(np.array(golden.probabilities), axis=1), axis=1)[:, -1]
    assert leads.min() >= 0.01


def test_a_classifier_without_probabilities_is_judged_by_its_decision_values(iris):
    rows, virginica = iris[0].to_numpy(), iris[1] == "virginica"
    fitted = LinearSVC(random_state=0).fit(rows, virginica)
    stored = package(fitted, sample=rows).manifest.receipt.golden
    assert stored.probabilities is None
    distance = np.abs(fitted.decision_function(np.array(stored.features)))
    assert distance.min() >= 0.01 * np.abs(fitted.decision_function(rows)).max()


def test_a_row_on_the_border_of_a_tree_is_not_stored():
    """One feature, one border at 0.5, and a row so close to it that float32 decides."""
    rows = np.array([[0.1], [0.2], [0.3], [0.4999999], [0.8], [0.9]] * 5)
    fitted = RandomForestClassifier(3, bootstrap=False, random_state=0).fit([[0.2], [0.8]] * 10, [0, 1] * 10)
    stored = package(fitted, sample=rows).manifest.receipt.golden
    assert sorted(stored.features) == [(0.1,), (0.2,), (0.3,), (0.8,), (0.9,)]


def test_values_of_a_regression_are_covered_from_smallest_to_largest(diabetes):
    rows, progress = diabetes
    fitted = LinearRegression().fit(rows, progress)
    stored = package(fitted, sample=rows).manifest.receipt.golden
    answers = fitted.predict(rows)
    assert min(stored.predictions) == pytest.approx(answers.min())
    assert max(stored.predictions) == pytest.approx(answers.max())


def test_the_stored_answers_are_the_originals_own_to_the_last_bit(iris):
    fitted = LogisticRegression(max_iter=500).fit(*iris)
    golden = package(fitted, sample=iris[0]).manifest.receipt.golden
    rows = np.array(golden.features)
    assert np.array_equal(np.array(golden.probabilities), fitted.predict_proba(_named(rows, iris)))


def test_a_manifest_survives_json_without_losing_a_bit(iris):
    manifest = package(LogisticRegression(max_iter=500).fit(*iris), sample=iris[0]).manifest
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest


def test_packaging_twice_gives_the_same_bytes_and_the_same_digest(customers_with_gaps):
    rows, left = customers_with_gaps
    columns = make_column_transformer(
        (SimpleImputer(), ["age", "monthly charges"]), (OneHotEncoder(), ["contract", "city"]), remainder="passthrough"
    )
    fitted = make_pipeline(columns, RandomForestClassifier(5, random_state=0)).fit(rows, left)
    for sample in (rows, None):
        first, second = package(fitted, sample=sample), package(fitted, sample=sample)
        assert first.model == second.model
        assert first.manifest == second.manifest
        assert first.digest == second.digest


def test_another_graph_does_not_pass_for_this_one(iris):
    rows, species = iris[0].to_numpy(), iris[1]
    one = package(LogisticRegression(max_iter=500).fit(rows, species), sample=rows)
    other = package(LogisticRegression(max_iter=500, C=0.5).fit(rows, species), sample=rows)
    with pytest.raises(Unproved) as refused:
        reproduce(Session(other.model).run, one.manifest.signature, one.manifest.receipt)
    assert refused.value.code == "golden_rows_failed"


def _named(rows, iris):
    return iris[0].iloc[: len(rows)].assign(**dict(zip(iris[0].columns, rows.T, strict=True)))
