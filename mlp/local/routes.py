"""The agent's HTTP API, on the socket in its folder. Who may open the socket may call it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mlp.api.deployment import ModelDeployment
from mlp.api.error import ErrorBody, ErrorDocument
from mlp.api.history import DeploymentEvent
from mlp.client.refusals import code_of, words_of
from mlp.errors import Conflict, Invalid, MlpError, NotFound, Unavailable
from mlp.local.agent import Agent

_LONGEST_WAIT_SECONDS = 60
_STATUSES: Mapping[type[MlpError], int] = {Invalid: 422, NotFound: 404, Conflict: 409, Unavailable: 503}


def create_app(agent: Agent) -> Starlette:
    """Return the API of `agent`."""
    routes = _Routes(agent)
    return Starlette(
        routes=[
            Route("/status", routes.status),
            Route("/deployments", routes.list),
            Route("/deployments/{name}", routes.get, methods=["GET"]),
            Route("/deployments/{name}", routes.apply, methods=["PUT"]),
            Route("/deployments/{name}", routes.delete, methods=["DELETE"]),
            Route("/deployments/{name}/history", routes.history),
            Route("/deployments/{name}/events", routes.events),
            Route("/deployments/{name}/why", routes.why),
            Route("/shutdown", routes.shutdown, methods=["POST"]),
            Route("/handover", routes.handover, methods=["POST"]),
        ],
        exception_handlers=dict.fromkeys((MlpError, HTTPException, OSError, Exception), _fault),
    )


class _Routes:
    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def status(self, request: Request) -> Response:
        word = request.query_params.get("after")
        if word is not None:
            await self._agent.changed(word, _seconds(request.query_params.get("wait", "0")))
        return JSONResponse(self._agent.status().document())

    async def list(self, _request: Request) -> Response:
        return JSONResponse({"items": [deployment.document() for deployment in self._agent.deployments()]})

    async def get(self, request: Request) -> Response:
        return JSONResponse(self._agent.deployment(request.path_params["name"]).document())

    async def history(self, request: Request) -> Response:
        return JSONResponse(self._agent.history(request.path_params["name"]).document())

    async def events(self, request: Request) -> Response:
        return _items(self._agent.events(request.path_params["name"]))

    async def why(self, request: Request) -> Response:
        return JSONResponse(self._agent.why(request.path_params["name"]).document())

    async def apply(self, request: Request) -> Response:
        given = _deployment(await request.body())
        if given.metadata.name != request.path_params["name"]:
            raise Invalid("metadata.name differs from the name in the path", code="name_mismatch")
        deployment, is_new = self._agent.apply(given)
        return JSONResponse(deployment.document(), HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    async def delete(self, request: Request) -> Response:
        return JSONResponse(self._agent.delete(request.path_params["name"]).document())

    async def shutdown(self, _request: Request) -> Response:
        self._agent.stop()
        return JSONResponse({"state": "stopping"}, HTTPStatus.ACCEPTED)

    async def handover(self, _request: Request) -> Response:
        self._agent.leave()
        return JSONResponse({"state": "leaving"}, HTTPStatus.ACCEPTED)


def _items(told: Sequence[DeploymentEvent]) -> Response:
    return JSONResponse({"items": [each.document() for each in told]})


def _seconds(text: str) -> float:
    """Return how long a caller wants to wait, a minute at most. Raises Invalid (`invalid_wait`)."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _LONGEST_WAIT_SECONDS:
        raise Invalid(f"wait is a number of seconds, at most {_LONGEST_WAIT_SECONDS}", code="invalid_wait")
    return seconds


def _deployment(body: bytes) -> ModelDeployment:
    try:
        return ModelDeployment.model_validate_json(body)
    except ValidationError as error:
        faults = [
            {"field": ".".join(map(str, fault["loc"])), "message": fault["msg"]}
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        words = "; ".join(
            f"{fault['field']}: {fault['message']}" if fault["field"] else fault["message"] for fault in faults
        )
        raise Invalid(words, code="invalid_deployment", details={"faults": faults}) from None


async def _fault(_request: Request, error: Exception) -> Response:
    match error:
        case MlpError():
            status = next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 500)
            return _answer(status, error.code, error.message, error.details)
        case HTTPException():
            phrase = HTTPStatus(error.status_code).phrase
            return _answer(error.status_code, phrase.lower().replace(" ", "_"), error.detail)
        case OSError():
            code = code_of(error)
            return _answer(
                507, code if code != "folder_unusable" else "storage_failed", f"nothing was changed: {words_of(error)}"
            )
    return _answer(500, "internal", "the agent failed; its log says how")


def _answer(status: int, code: str, message: str, details: Mapping[str, Any] | None = None) -> Response:
    body = ErrorDocument(error=ErrorBody(code=code, message=message, details=dict(details or {})))
    return JSONResponse(body.model_dump(mode="json", exclude_none=True), status)
