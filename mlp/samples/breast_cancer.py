"""Malignant or benign, from 30 measures of cell nuclei: scikit-learn's Wisconsin diagnostic data."""

from __future__ import annotations

from mlp.samples.sample import Sample, fit


def linear() -> Sample:
    """Train scaled logistic regression on 569 rows."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    loaded = load_breast_cancer(as_frame=True)
    features = loaded.data.set_axis([name.replace(" ", "_") for name in loaded.data.columns], axis=1)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000))
    return fit(model, features, loaded.target_names[loaded.target], "scaled logistic regression")
