"""A model server, as the command line and a notebook speak to it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType

import httpx

from mlp.api.inference import Metadata, Prediction, PredictRequest
from mlp.client.http import call

WHO = "the model server"
_TIMEOUT_SECONDS = 30.0


class InferenceClient(AbstractContextManager["InferenceClient"]):
    """Speaks to the server at `url`.

    Every method raises errors of `mlp.errors`: what the server said (Invalid names row and column in `details`), or
    Unavailable when it does not answer.
    """

    def __init__(self, url: str, *, timeout: float = _TIMEOUT_SECONDS) -> None:
        self._http = httpx.Client(base_url=url, timeout=timeout)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ready(self) -> None:
        """Return if the server takes requests; raise Unavailable if it drains or does not answer."""
        call(self._http, WHO, "GET", "/ready")

    def metadata(self) -> Metadata:
        """Return which model is served, and its signature."""
        return Metadata.model_validate_json(call(self._http, WHO, "GET", "/metadata").content)

    def predict(self, request: PredictRequest) -> Prediction:
        """Answer the rows of `request`, in their order."""
        body = request.model_dump_json(exclude_none=False, exclude_defaults=True)
        headers = {"Content-Type": "application/json"}
        return Prediction.model_validate_json(
            call(self._http, WHO, "POST", "/predict", content=body, headers=headers).content
        )
