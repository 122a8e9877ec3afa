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
from mlp.registry.deps import services_of
from mlp.registry.intake import check_media_type, chunks_of
from mlp.registry.json_body import parse_json

_LONG = 64 * 1024  # bytes of JSON that are parsed in a thread, so that others are served meanwhile


class DocumentRoute(APIRoute):
    """A route whose JSON body, where it takes one, is read by our rules before FastAPI sees it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def handle_document(request: Request) -> Response:
            return await handle(await _DocumentRequest.read(request))

        return handle_document


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
