"""Iris species from four lengths: scikit-learn's own data (Fisher, 1936), with names a program can type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlp.samples.sample import Sample, fit

if TYPE_CHECKING:
    import pandas

FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")


def data() -> tuple[pandas.DataFrame, Any]:
    """Return 150 rows in centimetres, and their species as strings."""
    from sklearn.datasets import load_iris

    loaded = load_iris(as_frame=True)
    return loaded.data.set_axis(list(FEATURES), axis=1), loaded.target_names[loaded.target]


def tree() -> Sample:
    """Train version 1: a decision tree of depth 2."""
    from sklearn.tree import DecisionTreeClassifier

    return fit(DecisionTreeClassifier(max_depth=2, random_state=0), *data(), "decision tree of depth 2")


def linear() -> Sample:
    """Train version 2: scaled logistic regression."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return fit(make_pipeline(StandardScaler(), LogisticRegression()), *data(), "scaled logistic regression")
