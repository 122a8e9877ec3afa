"""Errors as gRPC statuses: the one place of this transport where a failure gets one."""

from __future__ import annotations

from grpc import StatusCode

from mlp.errors import DeadlineExceeded, Denied, Invalid, MlpError, NotFound, Unavailable

_BY_CODE = {
    "invalid_output": StatusCode.INTERNAL,
    "overloaded": StatusCode.RESOURCE_EXHAUSTED,
    "api_key_missing": StatusCode.UNAUTHENTICATED,
    "api_key_unknown": StatusCode.UNAUTHENTICATED,
    "unsupported": StatusCode.UNIMPLEMENTED,
}
_BY_KIND: tuple[tuple[type[MlpError], StatusCode], ...] = (
    (Invalid, StatusCode.INVALID_ARGUMENT),
    (NotFound, StatusCode.NOT_FOUND),
    (Denied, StatusCode.PERMISSION_DENIED),
    (Unavailable, StatusCode.UNAVAILABLE),
    (DeadlineExceeded, StatusCode.DEADLINE_EXCEEDED),
)


def status_of(error: MlpError) -> StatusCode:
    """Return the status that says what kind of failure this is, and whether trying again may help."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    return next((status for kind, status in _BY_KIND if isinstance(error, kind)), StatusCode.INTERNAL)
