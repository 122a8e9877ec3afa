"""A model server, as the command line and a notebook speak to it."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self, TypeVar

from mlp.api.documents import MetadataDocument, PredictionDocument, ReadinessDocument, RequestDocument
from mlp.client.answer import document_in
from mlp.client.plain import PlainClient

WHO = "the model server"
Document = TypeVar("Document")


class InferenceClient(AbstractContextManager["InferenceClient"]):
    """Speaks to the model server at `url`.

    `key` is the API key that it may ask for. Every method raises errors of `mlp.errors`: what the server said of a
    request, Unavailable when it does not answer.
    """

    def __init__(self, url: str, *, key: str | None = None, timeout: float = 30.0) -> None:
        # Not as Authorization, which the API server's proxy keeps for itself.
        headers = {} if key is None else {"X-API-Key": key}
        self._http = PlainClient(WHO, url, headers=headers, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ready(self) -> ReadinessDocument:
        """Return which version the server answers with, if it takes new callers; raise Unavailable if not."""
        return self._document(ReadinessDocument, self._http.request("GET", "/ready"))

    def metadata(self) -> MetadataDocument:
        """Return what is served: name, version, digest, signature and receipt."""
        return self._document(MetadataDocument, self._http.request("GET", "/metadata"))

    def predict(self, request: RequestDocument) -> PredictionDocument:
        """Answer the rows of `request`, in their order; Invalid names row and column in its details."""
        body = json.dumps(request, separators=(",", ":")).encode()
        return self._document(PredictionDocument, self._http.request("POST", "/predict", body))

    def send(self, path: str, body: bytes) -> bytes:
        """Send a body as it is, and return the answer's as it is."""
        return self._http.request("POST", path, body)

    def _document(self, kind: type[Document], content: bytes) -> Document:
        return document_in(content, kind, f"what answers at {self._http.url} is not a model server")
