"""HTTP/1.1 as uvicorn and httptools speak it, with an end to what a client may ask of a connection."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mlp.api.error import ErrorBody, ErrorDocument

MAX_HEAD = 64 * 1024
"""Bytes of a request before its body: line and headers."""


class Protocol(HttpToolsProtocol):
    """One connection. What is not HTTP, too large a head, or one that takes too long ends it, with JSON where possible.

    uvicorn itself waits for ever for the end of a head, and keeps as much of it as is sent.
    """

    def __init__(self, *arguments: Any, head_seconds: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_seconds = head_seconds
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect the first request."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._head_arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a head that has grown too large before its end ends the connection."""
        waited_for_head = self._head_timer is not None
        super().data_received(data)
        if waited_for_head and self._head_timer is not None and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Expect the head of a request."""
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        """Hand over a request whose head is not too large; what is raised here reaches `send_400_response`."""
        self._head_arrived()
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD:
            self._head_bytes = MAX_HEAD + 1
            raise ValueError("too large a head")
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer and close; not only 400, in spite of its inherited name."""
        too_large = self._head_bytes > MAX_HEAD
        self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST)

    def _expect_head(self) -> None:
        self._head_arrived()
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(self._head_seconds, self._refuse, HTTPStatus.REQUEST_TIMEOUT)

    def _head_arrived(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, status: HTTPStatus) -> None:
        self._head_arrived()
        if self.transport.is_closing():
            return
        error = ErrorDocument(error=ErrorBody(code=_CODES[status], message=_MESSAGES[status]))
        body = error.model_dump_json().encode()
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
        head += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()


_CODES = {
    HTTPStatus.BAD_REQUEST: "invalid_http",
    HTTPStatus.REQUEST_TIMEOUT: "request_timeout",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "headers_too_large",
}
_MESSAGES = {
    HTTPStatus.BAD_REQUEST: "this is not HTTP/1.1",
    HTTPStatus.REQUEST_TIMEOUT: "the request's headers did not arrive in time",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: f"line and headers of a request have at most {MAX_HEAD} bytes",
}
