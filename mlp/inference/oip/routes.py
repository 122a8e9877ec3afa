"""The paths under `/v2`."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping

import msgspec

from mlp.inference.app import Handler, Route
from mlp.inference.dataplane import DataPlane
from mlp.inference.handlers import sentence_reply
from mlp.inference.http1 import Reply, Request
from mlp.inference.lifecycle import Lifecycle
from mlp.inference.loading import LoadedModel
from mlp.inference.oip import rest
from mlp.inference.oip.inputs import InputReader, MatrixReader
from mlp.inference.oip.metadata import model_metadata, server_metadata
from mlp.inference.oip.outputs import OutputWriter
from mlp.inference.predict.body import refuse_compressed
from mlp.proof import Answers


class OpenInference:
    """Answers for one model; it is found under its name alone and under its name and version."""

    def __init__(self, model: LoadedModel, plane: DataPlane, outputs: OutputWriter, lifecycle: Lifecycle) -> None:
        self._model = model
        self._infer_rows = plane.infer
        self._quick = MatrixReader(model.signature).read
        self._inputs = InputReader(model.signature).read
        self._outputs = outputs
        self._lifecycle = lifecycle
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
            pages[path] = _page("/v2/models/{name}", lambda _: _json(model_metadata(model, self._outputs)))
            pages[f"{path}/ready"] = _page("/v2/models/{name}/ready", self._model_ready, is_guarded=False)
            pages[f"{path}/infer"] = Route({b"POST": self._infer}, "/v2/models/{name}/infer", sentence_reply)
        return pages

    def _ready(self, _: Request) -> Reply:
        ready = not self._lifecycle.is_draining
        return _json({"ready": ready}, 200 if ready else 503)

    def _model_ready(self, _: Request) -> Reply:
        ready = not self._lifecycle.is_draining
        return _json({"name": self._model.name, "ready": ready}, 200 if ready else 503)

    def _infer(self, request: Request) -> Reply | Awaitable[Reply]:
        refuse_compressed(request.headers)
        call = rest.read(request)
        self._outputs.check(call.outputs)
        feeds, rows = self._quick(call.tensors) or self._inputs(call.tensors)
        answers = self._infer_rows(feeds, rows)
        if isinstance(answers, Answers):
            return self._reply(call, self._outputs.write(answers, call.outputs))
        return self._later(call, answers)

    async def _later(self, call: rest.Call, answers: Awaitable[Answers]) -> Reply:
        return self._reply(call, self._outputs.write(await answers, call.outputs))


def _page(name: str, page: Handler, *, is_guarded: bool = True) -> Route:
    return Route({b"GET": page, b"HEAD": page}, name, sentence_reply, is_guarded)


def _json(document: Mapping[str, object], status: int = 200) -> Reply:
    return Reply(msgspec.json.encode(document), status)
