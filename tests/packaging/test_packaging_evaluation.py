"""Metrics are measured on the graph that will be served, and agree with scikit-learn's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, r2_score, root_mean_squared_error
from sklearn.svm import LinearSVC

from mlp.errors import Invalid, Unsupported
from mlp.packaging import Annotations, Evaluation, PackageRequest, package
from mlp.packaging.steps import package_source


@pytest.fixture(scope="module")
def fitted(iris):
    return LogisticRegression(max_iter=500, C=0.01).fit(*iris)  # weak on purpose: it errs now and then


def test_a_classifier_is_measured_by_accuracy_and_log_loss(fitted, iris):
    rows, species = iris
    metrics = package(
        fitted, sample=rows, evaluation=Evaluation(rows.assign(species=species), "species")
    ).manifest.metrics
    assert metrics["accuracy"] == pytest.approx(accuracy_score(species, fitted.predict(rows)))
    assert metrics["log_loss"] == pytest.approx(log_loss(species, fitted.predict_proba(rows)), rel=1e-5)
    assert 0.5 < metrics["accuracy"] < 1


def test_a_classifier_without_probabilities_has_no_log_loss(iris):
    rows, species = iris
    fitted = LinearSVC(random_state=0).fit(rows, species)
    built = package(fitted, sample=rows, evaluation=Evaluation(rows.assign(species=species), "species"))
    assert set(built.manifest.metrics) == {"accuracy"}


def test_a_regression_is_measured_by_r2_and_rmse(diabetes):
    rows, progress = diabetes
    fitted = LinearRegression().fit(rows, progress)
    frame = pd.DataFrame(rows).assign(progress=progress)
    metrics = package(fitted, sample=rows, evaluation=Evaluation(frame, "progress")).manifest.metrics
    assert metrics["r2"] == pytest.approx(r2_score(progress, fitted.predict(rows)), rel=1e-5)
    assert metrics["rmse"] == pytest.approx(root_mean_squared_error(progress, fitted.predict(rows)), rel=1e-5)


def test_labels_are_recognized_however_the_file_wrote_them(iris, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows, species = iris
    for truth in (
        species == "setosa",
        np.where(species == "setosa", "1", "0"),
        np.where(species == "setosa", 1.0, 0.0),
    ):
        fitted = LogisticRegression(max_iter=500).fit(rows, truth)
        rows.assign(is_setosa=truth).to_csv("held_out.csv", index=False)
        evaluation = Evaluation(pd.read_csv("held_out.csv"), "is_setosa")
        assert package(fitted, sample=rows, evaluation=evaluation).manifest.metrics["accuracy"] == 1.0


def test_the_target_may_stand_in_the_sample_too(fitted, iris, tmp_path):
    rows, species = iris
    path = tmp_path / "rows.csv"
    rows.assign(species=species).to_csv(path, index=False)
    onnx = tmp_path / "model.onnx"
    onnx.write_bytes(package(fitted, sample=rows).model)
    request = PackageRequest(source=str(onnx), sample=path, evaluation=path, target="species")
    built = package_source(request)
    assert built.manifest.signature.names == tuple(rows.columns)
    assert built.manifest.metrics["accuracy"] == pytest.approx(accuracy_score(species, fitted.predict(rows)))


def test_given_metrics_stand_beside_measured_ones_and_none_is_given_twice(fitted, iris):
    rows = iris[0].assign(species=iris[1])
    evaluation = Evaluation(rows, "species")
    built = package(fitted, sample=iris[0], evaluation=evaluation, annotations=Annotations(metrics={"auc": 0.9}))
    assert set(built.manifest.metrics) == {"accuracy", "log_loss", "auc"}
    with pytest.raises(Invalid) as refused:
        package(fitted, sample=iris[0], evaluation=evaluation, annotations=Annotations(metrics={"accuracy": 0.9}))
    assert refused.value.code == "metric_given_twice"


def test_metrics_are_no_part_of_a_versions_digest(fitted, iris):
    rows = iris[0]
    plain = package(fitted, sample=rows)
    measured = package(fitted, sample=rows, evaluation=Evaluation(rows.assign(species=iris[1]), "species"))
    assert measured.digest == plain.digest
    assert measured.manifest.metrics != plain.manifest.metrics


@pytest.mark.parametrize(
    ("target", "change", "code"),
    [
        ("kind", {}, "missing_target"),
        ("species", {"species": "tulip"}, "unknown_label"),
        ("species", {"petal_width": "wide"}, "invalid_row"),
        ("species", {"petal_width": np.nan}, "invalid_row"),
        ("species", {"colour": "blue"}, "sample_columns"),
    ],
)
def test_what_is_wrong_with_an_evaluation_is_said(fitted, iris, target, change, code):
    rows = iris[0].assign(species=iris[1]).assign(**change)
    with pytest.raises(Invalid) as refused:
        package(fitted, sample=iris[0], evaluation=Evaluation(rows, target))
    assert refused.value.code == code


def test_a_regression_needs_numbers_as_its_truth(diabetes):
    rows, progress = diabetes
    frame = pd.DataFrame(rows).assign(progress="much")
    with pytest.raises(Invalid) as refused:
        package(LinearRegression().fit(rows, progress), sample=rows, evaluation=Evaluation(frame, "progress"))
    assert refused.value.code == "invalid_target"


def test_what_has_no_truth_cannot_be_measured(iris):
    rows = iris[0]
    fitted = KMeans(3, random_state=0, n_init=1).fit(rows)
    with pytest.raises(Unsupported) as refused:
        package(fitted, sample=rows, evaluation=Evaluation(rows.assign(species=1), "species"))
    assert refused.value.code == "unsupported_evaluation"


def test_an_evaluation_without_a_target_is_no_request():
    with pytest.raises(ValidationError):
        PackageRequest(source="iris.joblib", evaluation=Path("held_out.csv"))
