"""A blob as an answer."""

from __future__ import annotations

from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mlp.registry.store.base import Reader


class BlobResponse(Response):
    """Sends the `size` bytes that `reader` gives, and closes it. Memory stays flat."""

    media_type = "application/octet-stream"

    def __init__(self, reader: Reader, size: int, etag: str) -> None:
        super().__init__(headers={"ETag": etag, "Content-Length": str(size), "Cache-Control": "private, immutable"})
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send headers, then the blob in pieces."""
        async with aclosing(self._reader) as pieces:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
