"""From errors to HTTP: the only place where an error has a status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from mlp.api.error import ErrorBody, ErrorDocument
from mlp.errors import (
    Conflict,
    DeadlineExceeded,
    Denied,
    Failed,
    Invalid,
    MlpError,
    NotFound,
    TooLarge,
    Unavailable,
    Unproved,
    Unsupported,
)

_BY_CODE: Mapping[str, int] = {
    "invalid_json": 400,
    "duplicate_key": 400,
    "too_deep": 400,
    "token_missing": 401,
    "token_invalid": 401,
    "token_expired": 401,
    "request_timeout": 408,
    "range_not_satisfiable": 416,
    "misdirected": 421,
    "artifact_corrupt": 502,
    "insufficient_storage": 507,
}
_BY_KIND: Mapping[type[MlpError], int] = {
    TooLarge: 413,
    Unsupported: 415,
    Invalid: 422,
    Unproved: 422,
    NotFound: 404,
    Conflict: 409,
    Denied: 403,
    DeadlineExceeded: 504,
    Unavailable: 503,
    Failed: 500,
}
_RETRY_SECONDS = {503: "1", 507: "60"}
_NAMES = frozenset({("path", "name"), ("body", "name"), ("path", "alias"), ("path", "holder")})
_MOST_PROBLEMS = 20
_RANGE_PROBLEMS = frozenset({"int_parsing_size", "less_than_equal", "greater_than_equal", "finite_number"})


def status_of(error: MlpError) -> int:
    """Return the status of an answer that says `error`."""
    by_kind = (status for kind, status in _BY_KIND.items() if isinstance(error, kind))
    return _BY_CODE.get(error.code) or next(by_kind, 500)


def error_response(error: MlpError, request_id: str | None, status: int | None = None) -> Response:
    """Return `error` as an HTTP answer."""
    document = ErrorDocument(
        error=ErrorBody(code=error.code, message=error.message, request_id=request_id, details=dict(error.details))
    )
    status = status or status_of(error)
    headers = {"Retry-After": _RETRY_SECONDS[status]} if status in _RETRY_SECONDS else {}
    if isinstance(error, Denied):
        headers["WWW-Authenticate"] = _challenge(error)
    if error.code == "range_not_satisfiable":
        headers["Content-Range"] = f"bytes */{error.details['size']}"
    return JSONResponse(document.model_dump(mode="json"), status, headers)


def add_handlers(app: FastAPI) -> None:
    """Make every error that a route raises an error document."""

    @app.exception_handler(MlpError)
    async def say(request: Request, error: MlpError) -> Response:
        request.scope["mlp.error"] = error
        return error_response(error, _id_of(request))

    @app.exception_handler(RequestValidationError)
    async def refuse(request: Request, error: RequestValidationError) -> Response:
        invalid = request.scope["mlp.error"] = _invalid(error.errors())
        return error_response(invalid, _id_of(request))

    @app.exception_handler(HTTPException)
    async def translate(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:
            wrong = Invalid("this path does not take that method", code="method_not_allowed")
            answer = error_response(wrong, _id_of(request), 405)
            answer.headers["Allow"] = ", ".join(sorted(_methods(request)))
            return answer
        return error_response(NotFound("there is nothing at this path"), _id_of(request), error.status_code)


def _challenge(error: Denied) -> str:
    """Return what RFC 6750 has a server say of a token that it did not accept."""
    challenge = 'Bearer realm="mlp registry"'
    if error.code == "scope_insufficient":
        return f'{challenge}, error="insufficient_scope", scope="{error.details["scope"]}"'
    return challenge if error.code == "token_missing" else f'{challenge}, error="invalid_token"'


def _id_of(request: Request) -> str | None:
    return request.scope.get("mlp.request_id")


def _methods(request: Request) -> set[str]:
    fitting = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    return {method for route in fitting for method in route.methods or ()}


def _invalid(problems: Sequence[Mapping[str, Any]]) -> Invalid:
    """Return what pydantic found, without the values in which it was found."""
    shown = [
        {"loc": [part if isinstance(part, int) else part[:64] for part in problem["loc"]], "msg": problem["msg"]}
        for problem in problems[:_MOST_PROBLEMS]
    ]
    first = shown[0]
    place = ".".join(str(part) for part in first["loc"])
    return Invalid(f"{place}: {first['msg']}", code=_code_of(problems[0]), details={"problems": shown})


def _code_of(problem: Mapping[str, Any]) -> str:
    if tuple(problem["loc"]) in _NAMES:
        return "invalid_name"
    return "out_of_range" if problem["type"] in _RANGE_PROBLEMS else "invalid_request"
