"""The route class of every router here, and what routes say of their failures in the OpenAPI document."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from mlp.api.error import ErrorDocument
from mlp.registry.access.caller import Caller
from mlp.registry.access.guard import OPEN_PATHS
from mlp.registry.access.needs import need_of
from mlp.registry.deps import services_of
from mlp.registry.intake import check_media_type, chunks_of
from mlp.registry.json_body import parse_json

_LONG = 64 * 1024  # bytes of JSON that are parsed in a thread, so that others are served meanwhile


class DocumentRoute(APIRoute):
    """A route that names the scope that it needs, and whose JSON body, where it takes one, is read by our rules.

    An endpoint without `@needs(…)` makes no route (TypeError). The scope is checked before a byte of the body is read.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.need = need_of(endpoint)
        if (self.need is None) != (path in OPEN_PATHS):
            raise TypeError(f"{path} is open to everybody in one place and guarded in another")
        if self.need is not None:
            options["responses"] = failures(401, 403) | (options.get("responses") or {})
            options["openapi_extra"] = {"security": [{"token": [self.need.value]}], **(options["openapi_extra"] or {})}
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handle, need, takes_document = super().get_route_handler(), self.need, self.body_field is not None

        async def handle_permitted(request: Request) -> Response:
            if need is not None:
                caller: Caller = request.scope["mlp.caller"]
                caller.demand(need)
            return await handle(await _DocumentRequest.read(request) if takes_document else request)

        return handle_permitted


class _DocumentRequest(Request):
    """A request whose JSON body has been read and parsed."""

    @classmethod
    async def read(cls, request: Request) -> _DocumentRequest:
        settings = (await services_of(request)).settings
        check_media_type(request, "application/json")
        chunks = chunks_of(request, settings.max_document_bytes, settings.idle_seconds)
        body = b"".join([chunk async for chunk in chunks])
        document = await asyncio.to_thread(parse_json, body) if len(body) > _LONG else parse_json(body)
        return cls(request, body, document)

    def __init__(self, request: Request, body: bytes, document: Any) -> None:
        super().__init__(request.scope, request.receive)
        self._bytes = body
        self._document = document

    async def body(self) -> bytes:
        return self._bytes

    async def json(self) -> Any:
        return self._document


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entry for failures with these statuses, and those that any route may have."""
    return {
        status: {"model": ErrorDocument, "description": HTTPStatus(status).phrase}
        for status in sorted({421, 422, 503, *statuses})
    }


DOCUMENT_FAILURES = (400, 408, 413, 415, 507)
"""What may be wrong with a request that brings a JSON document and changes something."""
