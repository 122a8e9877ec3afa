"""One request, and its failures in the platform's words."""

from __future__ import annotations

from typing import Any

import httpx

from mlp.client.refusal import refusal
from mlp.errors import DeadlineExceeded, MlpError, Unavailable


def error_of(response: httpx.Response) -> MlpError:
    """Return what an answer with a status of 400 or above means; its body must have been read."""
    return refusal(response.status_code, response.content)


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
