"""Errors as HTTP answers: the one place of this server where a failure gets a status."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from mlp.errors import DeadlineExceeded, Denied, Failed, Invalid, MlpError, NotFound, TooLarge, Unavailable, Unsupported
from mlp.inference.http1 import Reply

ErrorForm = Callable[[MlpError, bytes], Reply]
"""Makes the answer that tells a caller of an error, given the request's id."""

INTERNAL = Failed("the server failed; its log has the reason under this request id", code="internal")
"""What a caller learns of a bug of ours."""

_BY_CODE: Mapping[str, int] = {
    "duplicate_key": 400,
    "empty_body": 400,
    "invalid_http": 400,
    "invalid_json": 400,
    "too_deep": 400,
    "api_key_missing": 401,
    "api_key_unknown": 401,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "expectation_failed": 417,
    "misdirected": 421,
    "head_too_large": 431,
    "invalid_output": 500,
    "overloaded": 503,
}
_BY_KIND: tuple[tuple[type[MlpError], int], ...] = (
    (TooLarge, 413),
    (Unsupported, 415),
    (Invalid, 422),
    (NotFound, 404),
    (Denied, 403),
    (Unavailable, 503),
    (DeadlineExceeded, 504),
)


def status_of(error: MlpError) -> int:
    """Return the status that says what kind of failure this is."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    return next((status for kind, status in _BY_KIND if isinstance(error, kind)), 500)


def error_reply(error: MlpError, request_id: bytes) -> Reply:
    """Return the error document of this server's own paths."""
    document = {
        "code": error.code,
        "message": error.message,
        "request_id": request_id.decode(),
        "details": dict(error.details),
    }
    status = status_of(error)
    return Reply(msgspec.json.encode({"error": document}), status, headers=headers_of(error, status))


def sentence_reply(error: MlpError, request_id: bytes) -> Reply:
    """Return the error of KServe's protocols: a sentence, the code in a header; rows that do not fit are a 400."""
    status = status_of(error)
    status = 400 if status in (415, 422) else status
    headers = ((b"x-mlp-error-code", error.code.encode()), *headers_of(error, status))
    return Reply(msgspec.json.encode({"error": error.message}), status, headers=headers)


def headers_of(error: MlpError, status: int) -> tuple[tuple[bytes, bytes], ...]:
    """Return what the status obliges its answer to say besides."""
    match status:
        case 401:
            return ((b"www-authenticate", b'Bearer realm="mlp"'),)
        case 405:
            return ((b"allow", str(error.details["allow"]).encode()),)
        case 503:
            return ((b"retry-after", b"1"),)
        case _:
            return ()
