"""One request, and its failures in the platform's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
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


def error_of(response: httpx.Response) -> MlpError:
    """Return what an answer with a status of 400 or above means; its body must have been read."""
    try:
        body = ErrorDocument.model_validate_json(response.content).error
    except ValidationError:
        body = ErrorBody(code="unexpected_answer", message=f"HTTP {response.status_code} without an error document")
    fallback = Invalid if response.status_code < 500 else Failed
    kind = _BY_CODE.get(body.code) or _BY_STATUS.get(response.status_code, fallback)
    return kind(body.message, code=body.code, details={**body.details, "request_id": body.request_id})


def failure_of(error: httpx.HTTPError, who: str, url: str) -> MlpError:
    """Return what it means that no answer came from `who` (such as "the registry") at `url`."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return Unavailable(f"{who} does not answer at {url}", code="connection_refused", details={"url": url})
    if isinstance(error, httpx.TimeoutException):
        return DeadlineExceeded(f"{who} at {url} did not answer in time", details={"url": url})
    return Unavailable(f"{who} at {url} broke the connection", code="connection_lost", details={"url": url})


def call(client: httpx.Client, who: str, method: str, path: str, **options: Any) -> httpx.Response:
    """Send one request with `client` and return its answer, if its status is below 400."""
    try:
        response = client.request(method, path, **options)
    except httpx.HTTPError as error:
        raise failure_of(error, who, str(client.base_url)) from error
    if response.status_code >= 400:
        raise error_of(response)
    return response
