"""What an API server's refusal means, in the platform's words.

The code of an error is the reason that the server gave, in snake_case: `already_exists`, `expired`, `forbidden`.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping

from mlp.errors import Conflict, DeadlineExceeded, Denied, Failed, Invalid, MlpError, NotFound, TooLarge, Unavailable

_BY_STATUS: Mapping[int, type[MlpError]] = {
    401: Denied,
    403: Denied,
    404: NotFound,
    409: Conflict,
    410: Conflict,
    413: TooLarge,
    429: Unavailable,
    500: Unavailable,
    502: Unavailable,
    503: Unavailable,
    504: DeadlineExceeded,
}
_HISTORY_GONE = frozenset({"expired", "gone", "resource_expired"})


def failure_of(status: int, body: bytes, retry_after: str | None = None) -> MlpError:
    """Return what an answer with a status of 400 or above means; `details` has `retry_after` in seconds, if given."""
    try:
        document = json.loads(body)
    except ValueError:
        document = {}
    if not isinstance(document, dict):
        document = {}
    message = document.get("message") or f"the API server answered {status}"
    if status == 401:
        message = "the API server does not accept these credentials"
    kind = _BY_STATUS.get(status, Invalid if status < 500 else Failed)
    details = {"status": status, "causes": (document.get("details") or {}).get("causes", [])}
    if retry_after is not None and retry_after.isdigit():
        details["retry_after"] = float(retry_after)
    return kind(message, code=_snake(document.get("reason") or f"Http{status}"), details=details)


def unreachable(server: str) -> Unavailable:
    """Return what it means that nobody takes a connection."""
    return Unavailable(f"the API server does not answer at {server}", code="cluster_unreachable")


def silent(server: str) -> DeadlineExceeded:
    """Return what it means that no answer, or no more of one, comes."""
    return DeadlineExceeded(f"the API server at {server} is silent", code="silent")


def broken(server: str, error: Exception) -> Unavailable:
    """Return what it means that a connection ends before the answer does, or ends because of a certificate."""
    found = (each for each in (error, *error.args) if isinstance(each, ssl.SSLCertVerificationError))
    distrust = next(found, None)  # urllib3 wraps it
    if distrust is not None:
        message = f"the certificate of the API server at {server} is not trusted: {distrust.verify_message}"
        return Unavailable(message, code="cluster_untrusted")
    return Unavailable(f"the API server at {server} broke the connection", code="connection_lost")


def is_history_gone(error: MlpError) -> bool:
    """Whether the server no longer has the version of the past that was asked for: everything is listed anew."""
    return error.code in _HISTORY_GONE or error.details.get("status") == 410


def retry_after(error: MlpError) -> float:
    """Return the seconds that the server asked to wait, or 0."""
    seconds = error.details.get("retry_after", 0.0)
    return seconds if isinstance(seconds, float) else 0.0


def _snake(reason: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", reason).lower()
