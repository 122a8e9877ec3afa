"""One connection: bytes in, requests in their order, replies in the same order, until one side has had enough."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import Enum, auto
from math import inf
from typing import TYPE_CHECKING, NamedTuple, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from mlp.errors import DeadlineExceeded, Invalid, MlpError, TooLarge, Unavailable
from mlp.inference.http1.fields import (
    body_too_large,
    head_too_large,
    joined,
    not_http,
    path_of,
    size_of,
    without_offers,
)
from mlp.inference.http1.head import CLOSE, CONTINUE, KEEP_ALIVE
from mlp.inference.http1.limits import LINGER_SECONDS, SLACK_BYTES
from mlp.inference.http1.message import Reply, Request
from mlp.inference.promise import Promise

if TYPE_CHECKING:
    from mlp.inference.http1.server import HttpServer


_COME_BACK_LATER = 503


class _Phase(Enum):
    IDLE = auto()
    """Between requests."""
    HEAD = auto()
    BODY = auto()
    LEAVING = auto()
    """Its last answer is written; what still comes is forgotten."""


class _Waiting(NamedTuple):
    """What a connection owes an answer to, after the one that is being made."""

    request: Request | MlpError
    connection: bytes


class Connection(asyncio.Protocol):
    """Reads requests for the server's application and writes its replies.

    Requests sent ahead of their answers (pipelining) wait here, and nothing more is read meanwhile.
    """

    _transport: asyncio.Transport

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._limits = server.limits
        self._traffic = server.traffic
        self._parser = HttpRequestParser(self)
        self._phase = self._timed = _Phase.IDLE
        self.deadline = inf
        """When it is ended, by the server's clock."""
        self._waiting: deque[_Waiting] = deque()
        self._promise: Promise[Reply] | None = None
        self._owed = (b"", "", b"")
        """Method and path of the request whose answer is promised, and what its answer says of the connection."""
        self._is_writable = True
        self._is_held = False
        """Whether it was refused so often, with others, that it is not read for a moment."""
        self._read = 0
        """Bytes read of the head, or of the framed body, that is under way."""
        self._held = 0
        """Bytes of an unfinished body that count among the server's buffered ones."""
        self._clear()

    def _clear(self) -> None:
        self._target = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._chunks = 0

    @property
    def is_idle(self) -> bool:
        """Whether it is between requests: closing it now takes nothing from anybody."""
        return self._phase is _Phase.IDLE and not self._is_held and self._promise is None and not self._waiting

    @property
    def is_busy(self) -> bool:
        """Whether a request has begun that is not answered, or may have: nobody has looked."""
        has_begun = self._phase in (_Phase.HEAD, _Phase.BODY) or self._is_held
        return has_begun or self._promise is not None or bool(self._waiting)

    @property
    def _can_answer(self) -> bool:
        """Whether an answer that is made now can be sent now, unless others come before it."""
        return self._promise is None and self._is_writable and not self._is_held

    # The transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take part, if there is room."""
        self._transport = cast(asyncio.Transport, transport)
        self.deadline = self._server.now + self._limits.head_seconds
        if not self._server.admit(self):
            self._refuse(Unavailable("too many connections are open", code="overloaded"))

    def connection_lost(self, error: Exception | None) -> None:
        """Forget everything; whoever works on an answer may stop."""
        self._phase = _Phase.LEAVING
        self._release()
        self._waiting.clear()
        if self._promise is not None:
            self._promise.cancel()
        self._server.release(self)

    def data_received(self, data: bytes) -> None:
        """Read on; answer what is complete."""
        self._read += len(data)
        if self._phase is _Phase.LEAVING:
            if self._read > self._limits.body_bytes:
                self._transport.abort()
            return
        try:
            self._feed(data)
        except HttpParserError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, MlpError) else not_http())
            return
        if self._phase is not _Phase.IDLE:
            self._wait_for_more(len(data))

    def eof_received(self) -> bool:
        """Leave, as whoever gives up waiting does: a mere end of sending cannot be told from that."""
        return False

    def pause_writing(self) -> None:
        """The caller takes answers more slowly than it gets them: make no more of them."""
        self._is_writable = False
        self.deadline = self._server.now + self._limits.body_seconds
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The caller has caught up."""
        self._is_writable = True
        self.deadline = self._server.now + self._limits.idle_seconds
        self._go_on()

    # The throttle's side

    def proceed(self) -> None:
        """Read on, having been held."""
        self._is_held = False
        self._go_on()

    # The clock's side

    def check(self, now: float) -> None:
        """End what takes too long: quietly between requests, with an answer within one."""
        if now < self.deadline:
            return
        if self._phase in (_Phase.HEAD, _Phase.BODY) and self._is_writable:
            what = "headers" if self._phase is _Phase.HEAD else "body"
            self._refuse(DeadlineExceeded(f"the {what} did not arrive in time", code="request_timeout"))
        elif self._phase is _Phase.IDLE and self._is_writable:
            self._transport.close()
        else:
            self._transport.abort()

    def close(self) -> None:
        """Close it once what is written has left."""
        self._phase = _Phase.LEAVING
        self._transport.close()

    # The end's side

    def give_up(self) -> None:
        """Tell whoever still waits that there will be no answer, and leave."""
        promise = self._promise
        if promise is None or not self._is_writable:
            self._transport.abort()
            return
        self._phase = _Phase.LEAVING
        promise.cancel()
        _, path, _ = self._owed
        self._leave(self._server.application.refuse(Unavailable("this server has ended", code="draining"), path))

    # The parser's side; an error that is raised here ends the parsing

    def on_message_begin(self) -> None:
        if self._phase is _Phase.LEAVING:
            raise not_http()  # nobody will answer it
        self._phase = _Phase.HEAD

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._phase is _Phase.HEAD:  # what follows a chunked body is not needed, and may claim anything
            self._fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        limits, fields = self._limits, self._fields
        if self._read > limits.head_bytes and size_of(self._target, fields) > limits.head_bytes:
            raise head_too_large(limits.head_bytes)
        if len(fields) > limits.headers:
            raise TooLarge(f"there are more than {limits.headers} headers", code="head_too_large")
        headers = self._headers = dict(fields)
        if len(headers) != len(fields):
            self._headers = headers = joined(fields)
        self._phase = _Phase.BODY
        self._read = 0
        if b"host" not in headers and self._parser.get_http_version() != "1.0":
            raise not_http()
        if self._parser.get_method() == b"CONNECT":
            raise not_http()  # this is no proxy
        if b"content-length" in headers:
            if int(headers[b"content-length"]) > limits.body_bytes:
                raise body_too_large(limits.body_bytes)
        elif b"transfer-encoding" in headers and (
            headers[b"transfer-encoding"].lower() != b"chunked" or self._parser.get_http_version() != "1.1"
        ):
            raise not_http()
        if b"expect" in headers:
            self._expect(headers[b"expect"])

    def on_chunk_header(self) -> None:
        self._chunks += 1
        if self._chunks > self._limits.chunks:
            raise TooLarge(f"the body comes in more than {self._limits.chunks} chunks", code="too_many_chunks")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > self._limits.body_bytes:
            raise body_too_large(self._limits.body_bytes)
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._parser.should_upgrade():
            return  # it will be read again without the offer
        body = self._body
        request = Request(
            self._parser.get_method(),
            path_of(self._target),
            self._headers,
            body[0] if len(body) == 1 else b"".join(body),
        )
        connection = b""
        if not self._parser.should_keep_alive():
            connection = CLOSE
        elif b"connection" in self._headers and self._parser.get_http_version() == "1.0":
            connection = KEEP_ALIVE
        self._phase = self._timed = _Phase.IDLE
        self._read = 0
        if self._held:
            self._release()
        self._clear()
        if self._can_answer and not self._waiting:
            self._answer(request, connection)
        else:
            self._waiting.append(_Waiting(request, connection))
            self._transport.pause_reading()

    # Reading

    def _feed(self, data: bytes) -> None:
        """Parse; where a caller offers another protocol the parser ends at the head, and its body is still to come.

        An offer that is ignored changes nothing (RFC 9110, 7.8), so the head is read again as if it were not there.
        """
        while True:
            try:
                self._parser.feed_data(data)
                return
            except HttpParserUpgrade as upgrade:
                method, version = self._parser.get_method(), self._parser.get_http_version().encode()
                line = b"%b %b HTTP/%b\r\n" % (method, self._target, version)
                data = line + without_offers(self._fields) + data[upgrade.args[0] :]
                self._parser = HttpRequestParser(self)
                self._phase = _Phase.IDLE
                self._read = len(data)
                self._clear()

    def _expect(self, expectation: bytes) -> None:
        if expectation.lower() != b"100-continue":
            raise Invalid("this server meets no expectation but 100-continue", code="expectation_failed")
        if self._can_answer and not self._waiting:
            self._transport.write(CONTINUE)

    def _wait_for_more(self, size: int) -> None:
        """Arm the deadline of what is under way, and keep what has come of it within the limits."""
        limits = self._limits
        if self._phase is not self._timed:
            self._timed = self._phase
            in_head = self._phase is _Phase.HEAD
            if self._is_writable:
                self.deadline = self._server.now + (limits.head_seconds if in_head else limits.body_seconds)
        if self._phase is _Phase.HEAD:
            if self._read > limits.head_bytes:
                self._refuse(head_too_large(limits.head_bytes))
        elif self._phase is _Phase.BODY:
            self._held += size
            self._traffic.buffered += size
            if self._read > limits.body_bytes + SLACK_BYTES:
                self._refuse(body_too_large(limits.body_bytes))
            elif self._traffic.buffered > limits.buffered_bytes:
                self._refuse(Unavailable("too many bodies are under way", code="overloaded"))

    def _release(self) -> None:
        self._traffic.buffered -= self._held
        self._held = 0

    # Answering

    def _answer(self, request: Request, connection: bytes) -> None:
        is_full = self._traffic.in_flight >= self._limits.in_flight
        self._traffic.in_flight += 1
        answer = self._server.application.answer(request, is_full=is_full)
        if isinstance(answer, Reply):
            self._traffic.in_flight -= 1
            self._send(answer, request.method, connection)
            return
        if self._phase is _Phase.IDLE:
            self.deadline = inf
        self._owed = request.method, request.path, connection
        self._promise = answer
        answer.settle(self._answered)

    def _answered(self, reply: Reply, error: BaseException | None) -> None:
        self._traffic.in_flight -= 1
        self._promise = None
        if self._phase is _Phase.LEAVING:
            return
        if error is not None:  # a bug of ours: what can fail has its answer
            self._transport.abort()
            self._server.loop.call_exception_handler({"message": "no answer was made", "exception": error})
            return
        method, _, connection = self._owed
        self._send(reply, method, connection)
        self._go_on()

    def _go_on(self) -> None:
        """Answer what waits, as far as it can be answered now, then read on."""
        while self._waiting and self._can_answer and self._phase is not _Phase.LEAVING:
            request, connection = self._waiting.popleft()
            if isinstance(request, MlpError):
                self._leave(self._server.application.refuse(request, None))
            else:
                self._answer(request, connection)
        if not self._waiting and self._can_answer and self._phase is not _Phase.LEAVING:
            self._transport.resume_reading()

    def _send(self, reply: Reply, method: bytes, connection: bytes) -> None:
        server = self._server
        if server.is_draining:
            connection = CLOSE
        head = server.heads.write(reply, connection)
        self._transport.write(head if method == b"HEAD" else head + reply.body)
        if connection is CLOSE:
            self.close()
            return
        if self._is_writable and self._phase is _Phase.IDLE:
            self.deadline = server.now + self._limits.idle_seconds
        if reply.status == _COME_BACK_LATER and server.throttle.refused(self):
            self._is_held = True
            self._transport.pause_reading()

    def _refuse(self, error: MlpError) -> None:
        """Answer what is no request, in its turn, and leave."""
        if self._phase is _Phase.LEAVING:
            return
        if self._can_answer and not self._waiting:
            self._leave(self._server.application.refuse(error, path_of(self._target) if self._target else None))
        else:
            self._phase = _Phase.IDLE
            self._waiting.append(_Waiting(error, CLOSE))
            self._transport.pause_reading()

    def _leave(self, reply: Reply) -> None:
        self._release()
        self._phase = _Phase.LEAVING
        self._read = 0
        self.deadline = self._server.now + LINGER_SECONDS
        self._transport.write(self._server.heads.write(reply, CLOSE) + reply.body)
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.resume_reading()
