"""The routes that are read: is it alive, is it ready, what does it serve, what has it counted."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from mlp import __version__
from mlp.errors import Unavailable
from mlp.inference.http1 import Reply
from mlp.inference.keys import ApiKeys
from mlp.inference.lifecycle import Lifecycle
from mlp.inference.loading import LoadedModel
from mlp.inference.metrics import Metrics
from mlp.inference.session import RUNTIME_VERSION

if TYPE_CHECKING:
    from mlp.inference.exposition import Exposition


class Pages:
    """What can be read of one server; what is not needed to become ready is imported and made at its first reading."""

    def __init__(self, model: LoadedModel, metrics: Metrics, lifecycle: Lifecycle, keys: ApiKeys | None = None) -> None:
        self._model = model
        self._metrics = metrics
        self._lifecycle = lifecycle
        self._keys = keys
        self._documents: dict[bool, bytes] = {}

    def health(self, *_: object) -> Reply:
        """Answer that the process lives, for as long as it does."""
        return Reply(b'{"status":"ok"}')

    def ready(self, *_: object) -> Reply:
        """Answer whether new callers should come here; raise Unavailable (`draining`) if not."""
        if self._lifecycle.is_draining:
            raise Unavailable("this server is about to end", code="draining")
        model = self._model
        return Reply(msgspec.json.encode({"status": "ready", "version": model.version, "digest": model.digest}))

    def metrics(self, *_: object) -> Reply:
        """Answer with all counters, for Prometheus."""
        return Reply(self._exposition.render(), media_type=self._exposition.media_type)

    @property
    def model_name(self) -> str:
        """The name of the model that is served."""
        return self._model.name

    def first_models(self, *_: object) -> Reply:
        """Answer, as KServe's first protocol has it, which models are here."""
        return Reply(msgspec.json.encode({"models": [self._model.name]}))

    def first_model(self, *_: object) -> Reply:
        """Answer, as KServe's first protocol has it, whether the model takes requests."""
        ready = not self._lifecycle.is_draining
        return Reply(msgspec.json.encode({"name": self._model.name, "ready": ready}), 200 if ready else 503)

    def metadata(self, *_: object) -> Reply:
        """Answer with the model's name, digest, signature and receipt; never with its golden rows."""
        return Reply(self._metadata)

    def openapi(self, *_: object) -> Reply:
        """Answer with the OpenAPI document of this very model."""
        asks_for_keys = self._keys is not None and self._keys.are_asked_for
        if asks_for_keys not in self._documents:
            self._documents[asks_for_keys] = self._openapi(asks_for_keys)
        return Reply(self._documents[asks_for_keys])

    @cached_property
    def _exposition(self) -> Exposition:
        from mlp.inference.exposition import Exposition

        return Exposition(self._metrics, self._model)

    @cached_property
    def _metadata(self) -> bytes:
        from mlp.api.inference import Metadata

        model = self._model
        document = Metadata(
            name=model.name,
            version=model.version,
            digest=model.digest,
            signature=model.signature,
            receipt=dict(model.receipt),
            server={"mlp": __version__, "onnxruntime": RUNTIME_VERSION},
        )
        return document.model_dump_json().encode()

    def _openapi(self, asks_for_keys: bool) -> bytes:
        from mlp.inference.openapi import document_of

        return msgspec.json.encode(document_of(self._model, asks_for_keys=asks_for_keys))
