"""An open file as an answer."""

from __future__ import annotations

import asyncio
from typing import BinaryIO

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_CHUNK = 2**18


class FileResponse(Response):
    """Sends `size` bytes of an open file from where it stands, and closes it. Memory stays flat."""

    media_type = "application/octet-stream"

    def __init__(self, file: BinaryIO, size: int, etag: str) -> None:
        super().__init__(headers={"ETag": etag, "Content-Length": str(size), "Cache-Control": "private, immutable"})
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send headers, then the file in pieces."""
        with self._file as file:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
