"""The paths under `/v2`."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mlp.inference.app import Handler, Route
from mlp.inference.handlers import sentence_reply
from mlp.inference.http1 import Reply, Request
from mlp.inference.lifecycle import Lifecycle
from mlp.inference.loading import LoadedModel
from mlp.inference.oip import rest
from mlp.inference.oip.calls import ModelCalls
from mlp.inference.oip.elements import ElementReader
from mlp.inference.oip.metadata import model_metadata, server_metadata
from mlp.inference.patience import deadline_of
from mlp.inference.predict.body import check_tensor_body
from mlp.inference.promise import Promise
from mlp.inference.reading import Readers, TwoSteps


class OpenInference:
    """Answers for one model; it is found under its name alone and under its name and version."""

    def __init__(self, model: LoadedModel, calls: ModelCalls, lifecycle: Lifecycle, readers: Readers) -> None:
        self._model = model
        self._calls = calls
        self._lifecycle = lifecycle
        self._elements = ElementReader(model.signature.names)
        self._infer = TwoSteps(self._read, self._answer, readers, rest.slow_bytes)
        self._reply = rest.ReplyWriter(model.name, model.version).write

    def routes(self) -> Mapping[str, Route]:
        """Return the paths, each with who answers it."""
        model = self._model
        pages = {
            "/v2": _page("/v2", lambda _: _json(server_metadata())),
            "/v2/health/live": _page("/v2/health/live", lambda _: _json({"live": True}), is_guarded=False),
            "/v2/health/ready": _page("/v2/health/ready", self._ready, is_guarded=False),
        }
        for path in (f"/v2/models/{model.name}", f"/v2/models/{model.name}/versions/{model.version}"):
            pages[path] = _page("/v2/models/{name}", lambda _: _json(model_metadata(model, self._calls.outputs)))
            pages[f"{path}/ready"] = _page("/v2/models/{name}/ready", self._model_ready, is_guarded=False)
            pages[f"{path}/infer"] = Route({b"POST": self._infer}, "/v2/models/{name}/infer", sentence_reply)
        return pages

    def _ready(self, _: Request) -> Reply:
        ready = not self._lifecycle.is_draining
        return _json({"ready": ready}, 200 if ready else 503)

    def _model_ready(self, _: Request) -> Reply:
        ready = not self._lifecycle.is_draining
        return _json({"name": self._model.name, "ready": ready}, 200 if ready else 503)

    def _read(self, request: Request) -> tuple[rest.Call, float]:
        check_tensor_body(request.headers, is_binary=rest.HEADER in request.headers)
        deadline = deadline_of(request.headers)
        return rest.read(request, self._elements), deadline

    def _answer(self, asked: tuple[rest.Call, float]) -> Reply | Promise[Reply]:
        call, deadline = asked
        outputs = self._calls.infer(call.tensors, call.outputs, deadline)
        if isinstance(outputs, list):
            return self._reply(call, outputs)
        return outputs.map(lambda found: self._reply(call, found))


def _page(name: str, page: Handler, *, is_guarded: bool = True) -> Route:
    return Route({b"GET": page, b"HEAD": page}, name, sentence_reply, is_guarded)


def _json(document: Mapping[str, object], status: int = 200) -> Reply:
    return Reply(msgspec.json.encode(document), status)
