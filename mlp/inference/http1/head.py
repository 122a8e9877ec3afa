"""The head of a reply, as bytes."""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus

from mlp.inference.http1.message import Reply

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE = b"connection: close\r\n"
KEEP_ALIVE = b"connection: keep-alive\r\n"

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


class HeadWriter:
    """Writes heads; the date in them is as old as the last call of `tick`."""

    def __init__(self) -> None:
        self._second = 0
        self.tick()

    def tick(self) -> None:
        """Look at the clock."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._date = b"date: %b\r\nx-content-type-options: nosniff\r\n" % formatdate(second, usegmt=True).encode()

    def write(self, reply: Reply, connection: bytes) -> bytes:
        """Return the head of `reply` with its blank line; `connection` is CLOSE, KEEP_ALIVE or nothing."""
        more = b"".join([b"%b: %b\r\n" % header for header in reply.headers])
        return b"%bcontent-type: %b\r\ncontent-length: %d\r\n%b%b%b\r\n" % (
            _STATUS_LINES[reply.status],
            reply.media_type,
            len(reply.body),
            self._date,
            more,
            connection,
        )
