"""The one shape of an HTTP error: `{"error": {"code": …, "message": …, "request_id": …}}`."""

from __future__ import annotations

from typing import Any

from mlp.api.wire import Answer


class ErrorBody(Answer):
    """What went wrong: a stable word, a sentence, and the id under which the server logged it."""

    code: str
    message: str
    request_id: str | None = None
    details: dict[str, Any] = {}


class ErrorDocument(Answer):
    """The whole body of an answer with a status of 400 or above."""

    error: ErrorBody
