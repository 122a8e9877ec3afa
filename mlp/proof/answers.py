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


class AnswerReader:
    """Reads what a graph of this signature returns; made once, because servers read with every request."""

    def __init__(self, signature: Signature) -> None:
        spec = signature.outputs
        self._width = spec.width
        self._classes = len(spec.classes or ())
        self._has_probabilities = spec.probabilities is not None
        self.outputs = [name for name in (spec.prediction, spec.probabilities) if name is not None]
        """The graph's outputs that are read, in the order in which `read` takes them."""

    def read(self, outputs: Sequence[npt.NDArray[Any]], rows: int) -> Answers:
        """Return the answers to a batch of `rows`.

        Raises Invalid (`invalid_output`) when a shape is not the one that the signature promises.
        """
        predictions = np.asarray(outputs[0])
        wanted = (rows,) if self._width == 1 else (rows, self._width)
        if predictions.shape != wanted:
            if predictions.size != rows * self._width:
                raise _misshapen(self.outputs[0], predictions, f"{list(wanted)}")
            predictions = predictions.reshape(wanted)
        if not self._has_probabilities:
            return Answers(predictions)
        probabilities = np.asarray(outputs[1])
        if probabilities.shape != (rows, self._classes) or probabilities.dtype.kind != "f":
            raise _misshapen(self.outputs[1], probabilities, f"floats {[rows, self._classes]}")
        return Answers(predictions, probabilities)


def _misshapen(output: str, tensor: npt.NDArray[Any], expected: str) -> Invalid:
    found = f"{tensor.dtype} {list(tensor.shape)}"
    return Invalid(f"output {output!r} is {found}, expected {expected}", code="invalid_output")


def answers_of(signature: Signature, outputs: Mapping[str, npt.NDArray[Any]], rows: int) -> Answers:
    """Read the graph's `outputs` (name -> tensor) for a batch of `rows`, as AnswerReader does."""
    reader = AnswerReader(signature)
    return reader.read([outputs[name] for name in reader.outputs], rows)


def golden_answers(signature: Signature, golden: GoldenRows) -> Answers:
    """Return the original's answers to the golden rows."""
    is_class = signature.outputs.task is Task.CLASSIFICATION
    if not is_class and any(isinstance(answer, bool | str) for answer in golden.predictions):
        raise Invalid("the golden rows' answers are not numbers", code="invalid_receipt")
    dtype = np.object_ if is_class else np.float64
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
