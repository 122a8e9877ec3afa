"""What an answer with a status of 400 or above means, in the platform's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mlp.errors import (
    Conflict,
    DeadlineExceeded,
    Denied,
    Failed,
    Invalid,
    MlpError,
    NotFound,
    Precondition,
    TooLarge,
    Unavailable,
    Unproved,
    Unsupported,
)

_BY_STATUS: Mapping[int, type[MlpError]] = {
    401: Denied,
    403: Denied,
    404: NotFound,
    409: Conflict,
    412: Precondition,
    413: TooLarge,
    415: Unsupported,
    503: Unavailable,
    504: DeadlineExceeded,
    507: Unavailable,
}
_BY_CODE: Mapping[str, type[MlpError]] = {"golden_rows_failed": Unproved}


def refusal(status: int, content: bytes) -> MlpError:
    """Return the error that a body tells of; one that is no error document is told by its status."""
    body = _body_of(content) or {"code": "unexpected_answer", "message": f"HTTP {status} without an error document"}
    fallback = Invalid if status < 500 else Failed
    kind = _BY_CODE.get(body["code"]) or _BY_STATUS.get(status, fallback)
    details = {**body.get("details", {}), "request_id": body.get("request_id")}
    return kind(body["message"], code=body["code"], details=details)


def _body_of(content: bytes) -> dict[str, Any] | None:
    """Return what is told of an error, as `mlp.api.error` has it; None where the bytes are no such document."""
    try:
        body = json.loads(content)["error"]
        said = [body["code"], body["message"], body.get("request_id") or ""]
        details = body.get("details", {})
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return body if all(isinstance(word, str) for word in said) and isinstance(details, dict) else None
