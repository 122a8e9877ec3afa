"""What a fitted estimator knows of its training data, and rows made from that."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import BaggingRegressor, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from mlp.packaging.derive import derived_rows, learn

PEOPLE = pd.DataFrame({"age": [20.0, 30.0, 40.0, np.nan], "plan": ["basic", "pro", None, "pro"]})


def test_a_scaler_knows_where_numbers_lie():
    rows = np.array([[100.0], [110.0], [120.0]])
    for scaler in (StandardScaler(), MinMaxScaler(), RobustScaler()):
        (known,) = learn(scaler.fit(rows), 1)
        assert known.center == 110.0
        assert 4 < known.spread < 11


def test_an_encoder_knows_its_categories_and_whether_there_may_be_others():
    plans = PEOPLE[["plan"]].dropna()
    (strict,) = learn(OneHotEncoder().fit(plans), 1)
    (lax,) = learn(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(plans), 1)
    assert (strict.categories, strict.closed, strict.is_text) == (["basic", "pro"], True, True)
    assert (lax.categories, lax.closed) == (["basic", "pro"], False)


def test_what_follows_an_imputer_still_speaks_of_the_users_own_columns():
    filled = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    columns = make_column_transformer((filled, ["plan"]), (SimpleImputer(), ["age"]))
    model = make_pipeline(columns, LogisticRegression()).fit(PEOPLE, [0, 1, 0, 1])
    age, plan = learn(model, 2)
    assert (age.fills_missing, age.center, age.is_text) == (True, 30.0, False)
    assert (plan.fills_missing, plan.categories, plan.closed) == (True, ["basic", "pro"], True)
    rows = derived_rows([age, plan], ["age", "plan"])
    assert rows["age"].isna().any()
    assert set(rows["plan"].dropna()) == {"basic", "pro"}
    assert rows["plan"].isna().any()


@pytest.mark.parametrize(
    "trees", [DecisionTreeRegressor(), HistGradientBoostingRegressor(max_iter=2, min_samples_leaf=1)]
)
def test_trees_know_where_they_decide(trees):
    rows = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]] * 5)
    first, second = learn(trees.fit(rows, [1.0, 2.0, 3.0] * 5), 2)
    assert set(first.borders) == {1.5, 2.5}
    assert second.borders == []


def test_members_that_see_some_columns_speak_of_these():
    rows = np.column_stack([np.arange(40.0), 1000 + np.arange(40.0)])
    bagged = BaggingRegressor(DecisionTreeRegressor(), 6, max_features=1, random_state=0).fit(rows, rows[:, 0])
    small, large = learn(bagged, 2)
    assert max(small.borders) < 40
    assert min(large.borders) > 1000


def test_a_search_knows_what_its_best_estimator_knows():
    scaled = make_pipeline(StandardScaler(), LogisticRegression())
    search = GridSearchCV(scaled, {"logisticregression__C": [1.0]}, cv=2)
    (known,) = learn(search.fit(np.array([[9.0], [10.0], [11.0], [10.0]]), [0, 1, 0, 1]), 1)
    assert known.center == 10.0


def test_a_vectorizer_knows_its_words():
    (known,) = learn(CountVectorizer().fit(["good day", "bad day"]), 1)
    assert known.words == ["bad", "day", "good"]
    documents = derived_rows([known], ["text"])["text"]
    assert {word for text in documents for word in text.split()} == {"bad", "day", "good"}


def test_made_up_numbers_are_held_by_float32_and_the_same_each_time():
    known = learn(StandardScaler().fit(np.array([[1.0], [2.5], [9.1]])), 1)
    rows = derived_rows(known, ["x"])
    assert rows.equals(derived_rows(known, ["x"]))
    assert (rows["x"].astype(np.float32).astype(np.float64) == rows["x"]).all()
