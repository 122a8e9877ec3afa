"""What each method of the protocol answers, as messages in and messages out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlp.inference.lifecycle import Lifecycle
from mlp.inference.loading import LoadedModel
from mlp.inference.oip.calls import ModelCalls
from mlp.inference.oip.metadata import model_metadata, not_served, server_metadata
from mlp.inference.oip.outputs import Output
from mlp.inference.promise import Promise
from mlp.inference.rpc.messages import tensors_of, write
from mlp.inference.rpc.schema import Schema

Answer = Callable[[Any, float], Any | Promise[Any]]
"""Takes a request and until when its caller waits, by the monotonic clock; returns its response or the promise of it.

Raises errors of `mlp.errors`.
"""


class ModelService:
    """Answers for one model, under its name alone and under its name and version."""

    def __init__(self, model: LoadedModel, calls: ModelCalls, lifecycle: Lifecycle, schema: Schema) -> None:
        self._model = model
        self._calls = calls
        self._lifecycle = lifecycle
        self._responses = {name: method.response for name, method in schema.methods.items()}
        self._metadata: Any = None

    def answers(self) -> Mapping[str, Answer]:
        """Return who answers which method."""
        return {
            "ServerLive": lambda *_: self._responses["ServerLive"](live=True),
            "ServerReady": lambda *_: self._responses["ServerReady"](ready=not self._lifecycle.is_draining),
            "ModelReady": self._model_ready,
            "ServerMetadata": lambda *_: self._responses["ServerMetadata"](**server_metadata()),
            "ModelMetadata": self._model_metadata,
            "ModelInfer": self._infer,
        }

    def _model_ready(self, request: Any, _: float) -> Any:
        self._find(request.name, request.version)
        return self._responses["ModelReady"](ready=not self._lifecycle.is_draining)

    def _model_metadata(self, request: Any, _: float) -> Any:
        self._find(request.name, request.version)
        return self._responses["ModelMetadata"](**model_metadata(self._model, self._calls.outputs))

    def _infer(self, request: Any, deadline: float) -> Any | Promise[Any]:
        self._find(request.model_name, request.model_version)
        outputs = self._calls.infer(tensors_of(request), [each.name for each in request.outputs], deadline)
        if isinstance(outputs, list):
            return self._response(request, outputs)
        return outputs.map(lambda found: self._response(request, found))

    def _response(self, request: Any, outputs: list[Output]) -> Any:
        """Return the response, raw where the request came so."""
        model = self._model
        response = self._responses["ModelInfer"](model_name=model.name, model_version=str(model.version), id=request.id)
        write(response, outputs, raw=bool(request.raw_input_contents))
        return response

    def _find(self, name: str, version: str) -> None:
        model = self._model
        if name != model.name or version not in ("", str(model.version)):
            raise not_served(model)
