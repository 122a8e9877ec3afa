"""A blob as an answer."""

from __future__ import annotations

import logging
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mlp.errors import MlpError
from mlp.registry.store.base import Reader

log = logging.getLogger(__name__)


def blob_headers(length: int, etag: str) -> dict[str, str]:
    """Return what is said of `length` bytes before they are sent."""
    return {
        "ETag": etag,
        "Content-Length": str(length),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, immutable",
    }


class BlobResponse(Response):
    """Sends what `reader` gives of a blob of `size` bytes, and closes it. Memory stays flat.

    That is the whole blob, or `span` of it.
    """

    media_type = "application/octet-stream"

    def __init__(self, reader: Reader, size: int, etag: str, span: range | None = None) -> None:
        headers = blob_headers(size if span is None else len(span), etag)
        if span is not None:
            headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
        super().__init__(status_code=200 if span is None else 206, headers=headers)
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send headers, then the blob in pieces. A store that fails now ends the connection, not the answer."""
        async with aclosing(self._reader) as pieces:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            try:
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            except MlpError as error:
                fields = {"request_id": scope.get("mlp.request_id"), "code": error.code}
                log.warning("a download was broken off: %s", error.message, extra={"fields": fields})
                return  # what is sent cannot be unsent; the server closes the connection of an answer without end
            await send({"type": "http.response.body", "body": b"", "more_body": False})
