"""One inference of this protocol, between the transport that it came by and the data plane."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from mlp.inference.dataplane import DataPlane
from mlp.inference.loading import LoadedModel
from mlp.inference.oip.inputs import InputReader, MatrixReader
from mlp.inference.oip.outputs import Output, OutputWriter
from mlp.inference.oip.tensor import Tensor
from mlp.inference.promise import Promise
from mlp.proof import Answers


class ModelCalls:
    """Answers named tensors by named tensors, for one model."""

    def __init__(self, model: LoadedModel, plane: DataPlane, outputs: OutputWriter) -> None:
        self.outputs = outputs
        self._infer_rows = plane.infer
        self._quick = MatrixReader(model.signature).read
        self._inputs = InputReader(model.signature).read

    def infer(
        self, tensors: Sequence[Tensor], names: Sequence[str], deadline: float = inf
    ) -> list[Output] | Promise[list[Output]]:
        """Return the outputs that are named, or all; raise Invalid for what does not fit, and the data plane's errors.

        The promise of them comes instead where the data plane takes its time.
        """
        self.outputs.check(names)
        feeds, rows = self._quick(tensors) or self._inputs(tensors)
        answers = self._infer_rows(feeds, rows, deadline)
        if isinstance(answers, Answers):
            return self.outputs.write(answers, names)
        return answers.map(lambda found: self.outputs.write(found, names))
