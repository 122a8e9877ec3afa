"""KServe's first protocol: `{"instances": [...]}` in, `{"predictions": [...]}` out."""

from __future__ import annotations

from collections.abc import Sequence

from mlp.api.signature import Signature
from mlp.errors import Invalid
from mlp.inference.dataplane import DataPlane
from mlp.inference.http1 import Reply, Request
from mlp.inference.loading import LoadedModel
from mlp.inference.metrics import Metrics
from mlp.inference.patience import deadline_of
from mlp.inference.predict import strict_json
from mlp.inference.predict.body import json_body
from mlp.inference.predict.careful import CarefulReader
from mlp.inference.predict.encode import Encoder
from mlp.inference.predict.rows import Row
from mlp.inference.promise import Promise
from mlp.inference.tensors import TensorBuilder
from mlp.proof import Answers, Feeds

_IGNORED = ("signature_name", "parameters")
"""Fields that clients of this protocol send and that mean nothing to a model of one graph."""


Call = tuple[Feeds, int, float]
"""The graph's inputs, their rows, and the deadline."""


class InstancesRoute:
    """Answers instances, each a list of values or an object by feature name."""

    def __init__(self, model: LoadedModel, plane: DataPlane, metrics: Metrics) -> None:
        self._rows = _InstancesReader(model.signature).read
        self._tensors_of = TensorBuilder(model.signature).build
        self._encode = Encoder(model, metrics).encode_predictions
        self._infer = plane.infer

    def read(self, request: Request) -> Call:
        """Return what the request asks; raise the errors of its body and of decoding."""
        deadline = deadline_of(request.headers)
        rows = self._rows(json_body(request))
        return self._tensors_of(rows), len(rows), deadline

    def answer(self, call: Call) -> Reply | Promise[Reply]:
        """Answer it; raise the errors of the data plane."""
        answers = self._infer(*call)
        return self._reply(answers) if isinstance(answers, Answers) else answers.map(self._reply)

    def _reply(self, answers: Answers) -> Reply:
        return Reply(self._encode(answers))


class _InstancesReader:
    def __init__(self, signature: Signature) -> None:
        self._careful = CarefulReader(signature)

    def read(self, body: bytes) -> Sequence[Row]:
        request = strict_json.parse(body)
        if not isinstance(request, dict) or "instances" not in request:
            raise Invalid("send an object with 'instances', a list of rows", code="wrong_type")
        for field in request:
            if field != "instances" and field not in _IGNORED:
                raise Invalid("send 'instances' alone", code="unknown_field")
        instances = request["instances"]
        by_name = isinstance(instances, list) and bool(instances) and isinstance(instances[0], dict)
        return self._careful.rows("records" if by_name else "features", instances, named="instances")
