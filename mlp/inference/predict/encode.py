"""From answers to the bytes of a `/predict` response."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from mlp.inference.loading import LoadedModel
from mlp.inference.metrics import Metrics
from mlp.proof import Answers, labels_as_trained


class Encoder:
    """Writes the responses of one model; values that are not finite are written as null, and counted."""

    def __init__(self, model: LoadedModel, metrics: Metrics) -> None:
        self._signature = model.signature
        classes = model.signature.outputs.classes or ()
        self._renames = any(isinstance(label, bool | float) for label in classes)
        self._metrics = metrics
        self._json = msgspec.json.Encoder().encode
        self._classes = b',"classes":' + self._json(classes)
        self._model = b',"model":' + self._json({"name": model.name, "version": model.version}) + b"}"

    def encode(self, answers: Answers, probabilities: bool) -> bytes:
        """Return the response; `probabilities` asks for them and for the classes that name their columns."""
        predictions = answers.predictions
        labels = labels_as_trained(self._signature, predictions) if self._renames else predictions.tolist()
        parts = [b'{"predictions":', self._values(labels, predictions)]
        if probabilities and answers.probabilities is not None:
            values = answers.probabilities.tolist()
            parts += (b',"probabilities":', self._values(values, answers.probabilities), self._classes)
        parts.append(self._model)
        return b"".join(parts)

    def encode_predictions(self, answers: Answers) -> bytes:
        """Return a response that holds the predictions and nothing else."""
        predictions = answers.predictions
        labels = labels_as_trained(self._signature, predictions) if self._renames else predictions.tolist()
        return b'{"predictions":' + self._values(labels, predictions) + b"}"

    def _values(self, values: list[Any], array: npt.NDArray[Any]) -> bytes:
        encoded = self._json(values)
        # A null is a value that was not finite; searching for one is cheaper than looking at every value.
        if b"null" in encoded and array.dtype.kind == "f":
            self._metrics.non_finite += int(np.count_nonzero(~np.isfinite(array)))
        return encoded
