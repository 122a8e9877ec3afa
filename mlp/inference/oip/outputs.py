"""From answers to the named tensors that the protocol returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlp.api.signature import Signature, Task
from mlp.errors import Invalid
from mlp.inference.metrics import Metrics
from mlp.inference.oip.datatypes import BYTES, NUMPY, of_labels
from mlp.proof import Answers, labels_as_trained


@dataclass(frozen=True, slots=True)
class Output:
    """One tensor of an answer."""

    name: str
    datatype: str
    array: npt.NDArray[Any]


class OutputWriter:
    """Names the answers of one model as its graph does; labels have the type that they were trained with."""

    def __init__(self, signature: Signature, dtypes: Mapping[str, str], metrics: Metrics) -> None:
        """`dtypes`: the graph's outputs by name to their ONNX types, as in `tensor(float)`."""
        outputs = signature.outputs
        self._signature = signature
        self._metrics = metrics
        self._datatypes = {outputs.prediction: _OF_ONNX.get(dtypes[outputs.prediction], BYTES)}
        if outputs.task is Task.CLASSIFICATION and outputs.classes is not None:
            self._datatypes[outputs.prediction] = of_labels(outputs.classes)
        if outputs.probabilities is not None:
            self._datatypes[outputs.probabilities] = _OF_ONNX[dtypes[outputs.probabilities]]

    def describe(self) -> list[dict[str, object]]:
        """Return name, datatype and shape of each output; -1 is the number of rows."""
        outputs = self._signature.outputs
        shapes = {
            outputs.prediction: [-1] if outputs.width == 1 else [-1, outputs.width],
            outputs.probabilities: [-1, len(outputs.classes or ())],
        }
        return [
            {"name": name, "datatype": datatype, "shape": shapes[name]} for name, datatype in self._datatypes.items()
        ]

    def check(self, names: Sequence[str]) -> None:
        """Raise Invalid (`unknown_output`) for a name that is none of the outputs."""
        for name in names:
            if name not in self._datatypes:
                raise Invalid(
                    f"there is no such output; the model gives {', '.join(self._datatypes)}", code="unknown_output"
                )

    def write(self, answers: Answers, names: Sequence[str]) -> list[Output]:
        """Return the outputs that are asked for, or all; values that are not finite are counted."""
        outputs = []
        for name in names or self._datatypes:
            datatype = self._datatypes[name]
            array = answers.probabilities if name == self._signature.outputs.probabilities else None
            if array is None:
                array = self._predictions(answers, datatype)
            if array.dtype.kind == "f":
                self._metrics.non_finite += int(array.size - np.count_nonzero(np.isfinite(array)))
            outputs.append(Output(name, datatype, array))
        return outputs

    def _predictions(self, answers: Answers, datatype: str) -> npt.NDArray[Any]:
        predictions = answers.predictions
        if self._signature.outputs.task is Task.CLASSIFICATION and predictions.ndim == 1:
            predictions = np.array(labels_as_trained(self._signature, predictions), dtype=NUMPY[datatype])
        return predictions


_OF_ONNX: Mapping[str, str] = {
    "tensor(float)": "FP32",
    "tensor(double)": "FP64",
    "tensor(float16)": "FP16",
    "tensor(int64)": "INT64",
    "tensor(int32)": "INT32",
    "tensor(bool)": "BOOL",
    "tensor(string)": BYTES,
}
