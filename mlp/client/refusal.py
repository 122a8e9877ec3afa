"""What an answer with a status of 400 or above means, in the platform's words."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from mlp.api.error import ErrorBody, ErrorDocument
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
    try:
        body = ErrorDocument.model_validate_json(content).error
    except ValidationError:
        body = ErrorBody(code="unexpected_answer", message=f"HTTP {status} without an error document")
    fallback = Invalid if status < 500 else Failed
    kind = _BY_CODE.get(body.code) or _BY_STATUS.get(status, fallback)
    return kind(body.message, code=body.code, details={**body.details, "request_id": body.request_id})
