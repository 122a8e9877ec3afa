"""The route itself: decode, infer, encode."""

from __future__ import annotations

from mlp.errors import Invalid
from mlp.inference.dataplane import DataPlane
from mlp.inference.http1 import Reply, Request
from mlp.inference.loading import LoadedModel
from mlp.inference.metrics import Metrics
from mlp.inference.patience import deadline_of
from mlp.inference.predict.body import json_body
from mlp.inference.predict.decode import Decoder
from mlp.inference.predict.encode import Encoder
from mlp.inference.promise import Promise
from mlp.inference.tensors import TensorBuilder
from mlp.proof import Answers, Feeds

Call = tuple[Feeds, int, bool, float]
"""The graph's inputs, their rows, whether probabilities are wanted, and the deadline."""


class PredictRoute:
    """Answers rows given by position or by name."""

    def __init__(self, model: LoadedModel, plane: DataPlane, metrics: Metrics) -> None:
        self._decode = Decoder(model.signature).decode
        self._tensors_of = TensorBuilder(model.signature).build
        self._encode = Encoder(model, metrics).encode
        self._infer = plane.infer
        self._has_probabilities = model.signature.outputs.probabilities is not None

    def read(self, request: Request) -> Call:
        """Return what the request asks; raise the errors of its body and of decoding."""
        deadline = deadline_of(request.headers)
        rows, probabilities = self._decode(json_body(request))
        if probabilities and not self._has_probabilities:
            raise Invalid("this model gives no probabilities", code="no_probabilities")
        return self._tensors_of(rows), len(rows), probabilities, deadline

    def answer(self, call: Call) -> Reply | Promise[Reply]:
        """Answer it; raise the errors of the data plane."""
        feeds, rows, probabilities, deadline = call
        answers = self._infer(feeds, rows, deadline)
        if isinstance(answers, Answers):
            return Reply(self._encode(answers, probabilities))
        return answers.map(lambda found: Reply(self._encode(found, probabilities)))
