"""`POST /predict`: JSON in, JSON out."""

from __future__ import annotations

from mlp.errors import Invalid
from mlp.inference.dataplane import DataPlane
from mlp.inference.decode import Decoder
from mlp.inference.encode import Encoder
from mlp.inference.exchange import Headers, Receive, Reply, read_json_body
from mlp.inference.loading import LoadedModel
from mlp.inference.metrics import Metrics
from mlp.inference.tensors import TensorBuilder


class PredictRoute:
    """Answers rows given by position or by name."""

    def __init__(self, model: LoadedModel, plane: DataPlane, metrics: Metrics, max_body_bytes: int) -> None:
        self._decode = Decoder(model.signature).decode
        self._tensors_of = TensorBuilder(model.signature).build
        self._encode = Encoder(model, metrics).encode
        self._plane = plane
        self._limit = max_body_bytes
        self._has_probabilities = model.signature.outputs.probabilities is not None

    async def __call__(self, headers: Headers, receive: Receive) -> Reply:
        """Answer one request; raise the errors of its body, of decoding and of the data plane."""
        rows, probabilities = self._decode(await read_json_body(headers, receive, self._limit))
        if probabilities and not self._has_probabilities:
            raise Invalid("this model gives no probabilities", code="no_probabilities")
        answers = await self._plane.infer(self._tensors_of(rows), len(rows))
        return Reply(self._encode(answers, probabilities))
