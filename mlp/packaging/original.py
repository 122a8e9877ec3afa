"""The fitted estimator, and what it answers: the truth that the ONNX form is measured against."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.base import is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from mlp.api.signature import Label, Task
from mlp.errors import Invalid, Unsupported
from mlp.proof import Answers


@dataclass(frozen=True)
class Original:
    """An estimator that was checked to be one, and to be fitted."""

    estimator: Any
    task: Task
    classes: tuple[Label, ...] | None
    """Labels as Python values, in the order of the probabilities."""
    names: tuple[str, ...] | None
    """Feature names, where it was trained on a data frame."""
    width: int | None
    """How many features it was trained on; None for one that takes text."""

    @classmethod
    def of(cls, estimator: Any) -> Original:
        """Check `estimator`; raises Invalid (`not_an_estimator`, `not_fitted`) or Unsupported, naming its class."""
        name = public_name(estimator)
        if isinstance(estimator, type) or not hasattr(estimator, "fit"):
            raise Invalid(f"{name} is not a fitted estimator", code="not_an_estimator")
        try:
            check_is_fitted(estimator)
        except NotFittedError as error:
            raise Invalid(f"{name} is not fitted: call fit before", code="not_fitted") from error
        except TypeError as error:
            raise Invalid(f"{name} is not a scikit-learn estimator: {error}", code="not_an_estimator") from error
        if not hasattr(estimator, "predict") and not hasattr(estimator, "transform"):
            raise Unsupported(f"{name} can neither predict nor transform new rows", code="no_predict")
        task = Task.OTHER
        if is_classifier(estimator):
            task = Task.CLASSIFICATION
        elif is_regressor(estimator):
            task = Task.REGRESSION
        names = getattr(estimator, "feature_names_in_", None)
        width = getattr(estimator, "n_features_in_", None)
        return cls(
            estimator,
            task,
            _classes_of(estimator, name) if task is Task.CLASSIFICATION else None,
            None if names is None else tuple(str(feature) for feature in names),
            None if width is None else int(width),
        )

    @property
    def has_probabilities(self) -> bool:
        """Whether it is a classifier that gives probabilities; the scores of a LinearSVC are none."""
        return self.task is Task.CLASSIFICATION and hasattr(self.estimator, "predict_proba")

    def answers(self, frame: pd.DataFrame) -> Answers:
        """Answer the rows of `frame` as the user's own code would; raise Invalid (`sample_refused`) where it cannot."""
        rows = self._arguments(frame)
        if self.task is not Task.CLASSIFICATION:
            return Answers(
                self._as_values(self._call("predict" if hasattr(self.estimator, "predict") else "transform", rows))
            )
        labels = np.asarray(self._call("predict", rows))
        if labels.ndim != 1:
            raise _several_labels(public_name(self.estimator))
        return Answers(as_labels(labels), self._call("predict_proba", rows) if self.has_probabilities else None)

    def scores(self, frame: pd.DataFrame, answers: Answers) -> npt.NDArray[Any] | None:
        """Return how sure a classifier is of its `answers`: probabilities, else decision values, else None."""
        if answers.probabilities is not None or self.task is not Task.CLASSIFICATION:
            return answers.probabilities
        if not hasattr(self.estimator, "decision_function"):
            return None
        return np.asarray(self._call("decision_function", self._arguments(frame)))

    def _call(self, method: str, rows: Any) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return getattr(self.estimator, method)(rows)
        except Exception as error:  # third-party code, and the user's own, may raise anything
            raise Invalid(
                f"{public_name(self.estimator)} cannot answer the rows: {error}", code="sample_refused"
            ) from error

    def _arguments(self, frame: pd.DataFrame) -> Any:
        if self.names is not None:
            return frame
        if self.width is None and len(frame.columns) == 1:
            return frame.iloc[:, 0]  # a vectorizer takes documents, not rows
        return frame.to_numpy()

    def _as_values(self, values: Any) -> npt.NDArray[Any]:
        array = np.asarray(values.toarray() if sparse.issparse(values) else values)
        if array.dtype.kind not in "fiub":
            raise Unsupported(
                f"{public_name(self.estimator)} answers {array.dtype} values; only numbers can be served",
                code="unsupported_output",
            )
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        return array.astype(np.float64) if self.task is Task.REGRESSION else array


def as_labels(labels: npt.ArrayLike) -> npt.NDArray[np.object_]:
    """Return one-dimensional `labels` as Python values, so that they compare by equality alone."""
    listed = np.asarray(labels).tolist()
    plain = np.empty(len(listed), dtype=np.object_)
    plain[:] = listed
    return plain


def public_name(thing: Any) -> str:
    """Return the class of `thing` as it is imported: `sklearn.linear_model.LogisticRegression`."""
    kind = thing if isinstance(thing, type) else type(thing)
    module = kind.__module__.partition("._")[0]
    return f"{module}.{kind.__qualname__}"


def _classes_of(estimator: Any, name: str) -> tuple[Label, ...]:
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        raise Unsupported(f"{name} does not say its classes (it has no classes_)", code="no_classes")
    if isinstance(classes, list) or getattr(estimator, "multilabel_", False):
        raise _several_labels(name)
    return tuple(np.asarray(classes).tolist())


def _several_labels(name: str) -> Unsupported:
    return Unsupported(
        f"{name} predicts several labels a row; push one classifier a label", code="multi_output_classifier"
    )
