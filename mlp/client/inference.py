"""A model server, as the command line and a notebook speak to it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self, TypeVar

from pydantic import ValidationError

from mlp.api.inference import Metadata, Prediction, PredictRequest, Readiness
from mlp.api.wire import Answer
from mlp.client.plain import PlainClient
from mlp.errors import Failed

WHO = "the model server"
Document = TypeVar("Document", bound=Answer)


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

    def ready(self) -> Readiness:
        """Return which version the server answers with, if it takes new callers; raise Unavailable if not."""
        return self._document(Readiness, self._http.request("GET", "/ready"))

    def metadata(self) -> Metadata:
        """Return what is served: name, version, digest, signature and receipt."""
        return self._document(Metadata, self._http.request("GET", "/metadata"))

    def predict(self, request: PredictRequest) -> Prediction:
        """Answer the rows of `request`, in their order; Invalid names row and column in its details."""
        body = request.model_dump_json().encode()
        return self._document(Prediction, self._http.request("POST", "/predict", body))

    def send(self, path: str, body: bytes) -> bytes:
        """Send a body as it is, and return the answer's as it is."""
        return self._http.request("POST", path, body)

    def _document(self, kind: type[Document], content: bytes) -> Document:
        try:
            return kind.model_validate_json(content)
        except ValidationError as error:
            raise Failed(f"what answers at {self._http.url} is not a model server", code="unexpected_answer") from error
