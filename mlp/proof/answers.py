"""From the tensors that an ONNX graph returns to answers, and golden rows in the same form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlp.api.receipt import GoldenRows
from mlp.api.signature import Label, Signature, Task
from mlp.errors import Invalid


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model said about some rows.

    `predictions` has shape [rows] (labels or values) or [rows, width] (several outputs); `probabilities` has shape
    [rows, classes] and a float dtype, or is None.
    """

    predictions: npt.NDArray[Any]
    probabilities: npt.NDArray[np.floating[Any]] | None = None

    def __len__(self) -> int:
        return int(self.predictions.shape[0])

    def take(self, rows: Sequence[int] | npt.NDArray[np.int_]) -> Answers:
        """Return the answers to some of the rows."""
        probabilities = None if self.probabilities is None else self.probabilities[rows]
        return Answers(self.predictions[rows], probabilities)


def answers_of(signature: Signature, outputs: Mapping[str, npt.NDArray[Any]], rows: int) -> Answers:
    """Read the graph's `outputs` (name -> tensor) for a batch of `rows`.

    Raises Invalid (`invalid_output`) when a shape is not the one that the signature promises.
    """
    spec = signature.outputs
    predictions = np.asarray(outputs[spec.prediction])
    wanted = (rows,) if spec.width == 1 else (rows, spec.width)
    if predictions.shape != wanted:
        if predictions.size != rows * spec.width:
            raise Invalid(
                f"output {spec.prediction!r} has shape {list(predictions.shape)}, expected {list(wanted)}",
                code="invalid_output",
            )
        predictions = predictions.reshape(wanted)
    if spec.probabilities is None or spec.classes is None:
        return Answers(predictions)
    probabilities = np.asarray(outputs[spec.probabilities])
    if probabilities.shape != (rows, len(spec.classes)) or probabilities.dtype.kind != "f":
        raise Invalid(
            f"output {spec.probabilities!r} is {probabilities.dtype} {list(probabilities.shape)}, "
            f"expected floats {[rows, len(spec.classes)]}",
            code="invalid_output",
        )
    return Answers(predictions, probabilities)


def golden_answers(signature: Signature, golden: GoldenRows) -> Answers:
    """Return the original's answers to the golden rows."""
    dtype = np.object_ if signature.outputs.task is Task.CLASSIFICATION else np.float64
    try:
        predictions = np.array(golden.predictions, dtype=dtype)
        probabilities = None if golden.probabilities is None else np.array(golden.probabilities, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise Invalid("the golden rows' answers do not have the model's shape", code="invalid_receipt") from error
    return Answers(predictions, probabilities)


def labels_as_trained(signature: Signature, predictions: npt.NDArray[Any]) -> list[Label]:
    """Return predicted labels as Python values of the type that the model was trained with.

    A graph knows string and int64 labels only; a classifier of booleans or of floats answers 0 and 1 there.
    """
    labels: list[Label] = predictions.tolist()
    renamed: dict[Label, Label] = {
        label: label for label in signature.outputs.classes or () if isinstance(label, bool | float)
    }
    return [renamed.get(label, label) for label in labels] if renamed else labels
