"""Small models to begin with: what `mlp demo` trains, and what examples and smoke tests stand on.

Training is seeded, so that training again gives the same model and a second push of it is recognised. Imports
scikit-learn and pandas inside functions; knows nothing of packaging or of the platform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mlp.samples import breast_cancer, churn, iris
from mlp.samples.sample import Sample

SAMPLES: Mapping[str, tuple[Callable[[], Sample], ...]] = {
    "iris-classifier": (iris.tree, iris.linear),
    "churn-predictor": (churn.numeric,),
    "breast-cancer": (breast_cancer.linear,),
    "churn-contract": (churn.with_contract,),
}
"""Model name -> how to train each of its versions, in order."""

__all__ = ["SAMPLES", "Sample"]
