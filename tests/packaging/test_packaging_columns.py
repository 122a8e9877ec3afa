"""Pipelines over frames with text, numbers and gaps keep their columns, by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

from mlp.api.signature import DType, Layout
from mlp.errors import Invalid, Unproved, Unsupported
from mlp.packaging import package

NUMBERS = ["age", "monthly charges"]
TEXTS = ["contract", "city"]


def churn(numbers=None, texts=None, **options):
    columns = ColumnTransformer(
        [
            ("numbers", numbers or StandardScaler(), NUMBERS),
            ("texts", texts or OneHotEncoder(handle_unknown="ignore"), TEXTS),
        ],
        **options,
    )
    return make_pipeline(columns, LogisticRegression(max_iter=500))


def feature(package, name):
    return next(feature for feature in package.manifest.signature.inputs if feature.name == name)


def test_a_pipeline_over_mixed_columns_keeps_their_names_and_types(customers, served):
    rows, left = customers
    built = package(churn().fit(rows, left), sample=rows)
    signature = built.manifest.signature
    assert signature.layout is Layout.COLUMNS
    assert signature.names == ("age", "monthly charges", "contract", "city", "vip")
    assert [feature.dtype for feature in signature.inputs[:4]] == [DType.FLOAT32] * 2 + [DType.STRING] * 2
    assert feature(built, "age").minimum == float(rows["age"].min())
    assert feature(built, "city").categories == ("Bern", 'O\'x "y"', "Zürich")
    assert built.manifest.receipt.label_agreement == 1.0
    assert any("vip" in note for note in built.notes)  # booleans arrive as 0 and 1
    assert served(built) == 32


@pytest.mark.parametrize("given", [True, False], ids=["sample", "derived"])
def test_categories_are_closed_only_where_the_encoder_raises(given, customers, served):
    rows, left = customers
    strict = package(churn(texts=OneHotEncoder()).fit(rows, left), sample=rows if given else None)
    assert feature(strict, "contract").closed
    assert feature(strict, "contract").categories == ("month", "two-year", "year")
    assert served(strict) == 32
    lax = package(churn().fit(rows, left), sample=rows if given else None)
    assert not feature(lax, "contract").closed


@pytest.mark.parametrize(
    "texts",
    [
        OneHotEncoder(),
        OneHotEncoder(min_frequency=100, handle_unknown="infrequent_if_exist"),
        OneHotEncoder(drop="first"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        TargetEncoder(),
        make_pipeline(SimpleImputer(strategy="constant", fill_value="?"), OneHotEncoder()),
    ],
    ids=lambda encoder: repr(encoder)[:50],
)
def test_encoders_of_text_are_served_as_they_were_trained(texts, customers, served):
    rows, left = customers
    fitted = churn(texts=texts, remainder="passthrough").fit(rows, left)
    assert served(package(fitted, sample=rows)) > 0
    assert served(package(fitted)) > 0


@pytest.mark.parametrize(
    "texts",
    [
        OneHotEncoder(),  # a missing value is a category of its own
        make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()),
        make_pipeline(SimpleImputer(strategy="constant", fill_value="?"), OneHotEncoder(handle_unknown="ignore")),
    ],
    ids=["category", "most-frequent", "constant"],
)
@pytest.mark.parametrize("given", [True, False], ids=["sample", "derived"])
def test_gaps_in_text_and_numbers_are_filled_as_in_training(texts, given, customers_with_gaps, served):
    rows, left = customers_with_gaps
    fitted = churn(make_pipeline(SimpleImputer(), StandardScaler()), texts).fit(rows, left)
    built = package(fitted, sample=rows if given else None)
    assert feature(built, "contract").nullable
    assert feature(built, "monthly charges").nullable
    assert None in [row[2] for row in built.manifest.receipt.golden.features]
    assert served(built) == 32


def test_the_estimator_of_the_user_is_left_as_it_was(customers_with_gaps):
    rows, left = customers_with_gaps
    imputer = SimpleImputer(strategy="most_frequent")
    fitted = churn(make_pipeline(SimpleImputer(), StandardScaler()), make_pipeline(imputer, OneHotEncoder()))
    before = fitted.fit(rows, left).predict_proba(rows)
    package(fitted, sample=rows)
    assert np.array_equal(before, fitted.predict_proba(rows))


@pytest.mark.parametrize(
    "columns",
    [
        make_column_transformer(
            (StandardScaler(), make_column_selector(dtype_include=np.number)),
            (OneHotEncoder(), make_column_selector(pattern="contract|city")),
        ),
        make_column_transformer((StandardScaler(), [True, True, False, False, False])),
        make_column_transformer((StandardScaler(), slice("age", "monthly charges")), (OneHotEncoder(), slice(2, 4))),
        make_column_transformer((OneHotEncoder(), [-2, -3]), (StandardScaler(), ["monthly charges", "age"])),
        make_column_transformer((StandardScaler(), lambda frame: ["age"]), ("drop", ["vip"])),
    ],
    ids=["selectors", "mask", "slices", "positions", "function"],
)
def test_columns_may_be_picked_in_any_of_scikit_learns_ways(columns, customers, served):
    rows, left = customers
    built = package(make_pipeline(columns, LogisticRegression(max_iter=500)).fit(rows, left), sample=rows)
    assert built.manifest.signature.names == tuple(rows.columns)
    assert served(built) == 32


def test_whole_numbers_and_booleans_may_be_categories(customers, served):
    rows, left = customers
    rows = rows.assign(zone=np.arange(300) % 4)
    columns = make_column_transformer((OneHotEncoder(), ["zone", "vip", "contract"]), (StandardScaler(), NUMBERS))
    fitted = make_pipeline(columns, RandomForestClassifier(10, random_state=0)).fit(rows, left)
    assert served(package(fitted, sample=rows)) > 0
    assert served(package(fitted)) > 0


def test_a_frame_of_text_alone_is_a_matrix_of_strings(customers, served):
    rows, left = customers
    fitted = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(rows[TEXTS], left)
    built = package(fitted, sample=rows[TEXTS])
    assert built.manifest.signature.layout is Layout.MATRIX
    assert {feature.dtype for feature in built.manifest.signature.inputs} == {DType.STRING}
    assert served(built) == 9  # there are no more different rows


def test_documents_are_one_feature_of_free_text(served):
    random = np.random.default_rng(3)
    words = ["good", "bad", "fine", "the", "day", "MOVIE"]
    documents = [" ".join(random.choice(words, 6)) for _ in range(200)]
    fitted = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(
        documents, ["good" in text for text in documents]
    )
    for sample in (documents, pd.Series(documents, name="review"), None):
        built = package(fitted, sample=sample)
        (text,) = built.manifest.signature.inputs
        assert text.name == ("review" if isinstance(sample, pd.Series) else "text")
        assert text.categories is None
        assert served(built) == 32


def test_words_that_the_graph_splits_otherwise_are_found_out():
    documents = ["größe gut", "grün schlecht", "gut gut", "schlecht übel"] * 10
    fitted = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(documents, [1, 0, 1, 0] * 10)
    with pytest.raises(Unproved):
        package(fitted, sample=documents)


def test_an_estimator_deep_in_a_pipeline_is_named_when_it_has_no_converter(customers):
    rows, left = customers
    fitted = churn(numbers=SimpleImputer(add_indicator=True)).fit(rows, left)
    assert package(fitted, sample=rows)  # without gaps there is nothing to indicate
    from sklearn.preprocessing import SplineTransformer

    with pytest.raises(Unsupported) as refused:
        package(churn(numbers=SplineTransformer()).fit(rows, left), sample=rows)
    assert refused.value.code == "no_converter"
    assert "sklearn.preprocessing.SplineTransformer" in refused.value.message


def test_a_value_that_the_estimator_refuses_is_the_samples_fault(customers):
    rows, left = customers
    fitted = churn(texts=OneHotEncoder()).fit(rows, left)
    with pytest.raises(Invalid) as refused:
        package(fitted, sample=rows.assign(city="Atlantis"))
    assert refused.value.code == "sample_refused"
    assert "Atlantis" in refused.value.message


def test_numbers_where_text_was_trained_are_refused(customers):
    rows, left = customers
    with pytest.raises(Invalid) as refused:
        package(churn().fit(rows, left), sample=rows.assign(city=3))
    assert refused.value.code == "sample_types"
    assert "city" in refused.value.message


def test_dates_are_refused(customers):
    rows, left = customers
    dated = rows.assign(vip=pd.Timestamp("2024-02-29"))
    with pytest.raises(Unsupported) as refused:
        package(churn().fit(dated, left), sample=dated)
    assert refused.value.code == "unsupported_column"
    assert "vip" in refused.value.message
