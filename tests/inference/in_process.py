"""A model behind every route of its server, without sockets: requests as HTTP and gRPC make them of bytes."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from served_models import Published

from mlp.inference.app import App
from mlp.inference.dataplane import DataPlane
from mlp.inference.drift import Drift
from mlp.inference.http1 import Reply, Request
from mlp.inference.lifecycle import Lifecycle
from mlp.inference.loading import load
from mlp.inference.metrics import Metrics
from mlp.inference.oip.calls import ModelCalls
from mlp.inference.oip.outputs import OutputWriter
from mlp.inference.oip.routes import OpenInference
from mlp.inference.pages import Pages
from mlp.inference.predict.instances import InstancesRoute
from mlp.inference.predict.route import PredictRoute
from mlp.inference.promise import Promise
from mlp.inference.reading import Readers, TwoSteps
from mlp.inference.routes import beside, model_routes
from mlp.inference.rpc.messages import schema
from mlp.inference.rpc.service import ModelService
from mlp.inference.settings import Settings
from mlp.inference.source import Artifact
from mlp.inference.trace import Tracing


class InProcess:
    """One loaded model."""

    def __init__(self, published: Published, folder: Path, *, tracing: Tracing | None = None) -> None:
        path = folder / f"{published.version.name}.onnx"
        path.write_bytes(published.blob)
        self.model = load(Artifact(published.version, path), threads=1)
        self.metrics, lifecycle = Metrics(Drift(self.model.signature)), Lifecycle()
        settings = Settings(model_file=path, manifest_file=path, max_rows=1_000)
        plane = DataPlane(self.model, self.metrics, settings)
        readers = Readers(plane.check_room)
        outputs = OutputWriter(self.model.signature, self.model.session.output_types, self.metrics)
        calls = ModelCalls(self.model, plane, outputs)
        predict = PredictRoute(self.model, plane, self.metrics)
        instances = InstancesRoute(self.model, plane, self.metrics)
        routes = model_routes(
            Pages(self.model, self.metrics, lifecycle),
            TwoSteps(predict.read, predict.answer, readers),
            TwoSteps(instances.read, instances.answer, readers),
            OpenInference(self.model, calls, lifecycle, readers),
        )
        self._app = App(routes, beside(self.model), self.metrics.route, tracing=tracing)
        self._schema = schema()
        self._answers = ModelService(self.model, calls, lifecycle, self._schema).answers()

    def http(self, path: str, body: bytes | dict[str, Any] | None = None, **headers: str) -> Reply:
        """Ask by GET, or by POST where there is a body."""
        content = json.dumps(body).encode() if isinstance(body, dict) else body or b""
        given = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
        request = Request(b"GET" if body is None else b"POST", path, given, content)
        return _awaited(lambda: self._app.answer(request))

    def rpc(self, fill: Any) -> Any:
        """Call ModelInfer with a message that `fill` has completed; return the response."""
        message = self._schema.methods["ModelInfer"].request(model_name=self.model.name)
        fill(message)
        return _awaited(lambda: self._answers["ModelInfer"](message, math.inf))


def _awaited(ask: Callable[[], Any]) -> Any:
    async def wait() -> Any:
        found = ask()
        return await found if isinstance(found, Promise) else found

    return asyncio.run(wait())
