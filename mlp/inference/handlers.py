"""Errors as HTTP answers: the one place of this server where a failure gets a status."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mlp.errors import Invalid, MlpError, NotFound, TooLarge, Unavailable, Unsupported
from mlp.inference.exchange import Reply

_BY_CODE: Mapping[str, int] = {
    "duplicate_key": 400,
    "empty_body": 400,
    "invalid_http": 400,
    "invalid_json": 400,
    "too_deep": 400,
    "method_not_allowed": 405,
    "invalid_output": 500,
}
_BY_KIND: tuple[tuple[type[MlpError], int], ...] = (
    (TooLarge, 413),
    (Unsupported, 415),
    (Invalid, 422),
    (NotFound, 404),
    (Unavailable, 503),
)


def status_of(error: MlpError) -> int:
    """Return the status that says what kind of failure this is."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    return next((status for kind, status in _BY_KIND if isinstance(error, kind)), 500)


def error_reply(error: MlpError, request_id: bytes) -> Reply:
    """Return the answer that tells a caller of `error`."""
    document = {
        "code": error.code,
        "message": error.message,
        "request_id": request_id.decode(),
        "details": dict(error.details),
    }
    return Reply(msgspec.json.encode({"error": document}), status_of(error))


def internal_error(request_id: bytes) -> Reply:
    """Return the answer that tells of a bug of ours, and nothing about it."""
    message = "the server failed; its log has the reason under this request id"
    return Reply(
        msgspec.json.encode({"error": {"code": "internal", "message": message, "request_id": request_id.decode()}}), 500
    )
