"""A proxy before an S3 that fails as a test wants: refused, cut off, silent, saying no, torn, changed on the way."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE = 60
SLOW_PIECES, SLOW_PAUSE = 15, 0.1
HOP_BY_HOP = {"connection", "content-length", "transfer-encoding", "keep-alive", "date", "server"}
ERROR = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message><Resource>/</Resource></Error>"


@dataclass(frozen=True)
class Seen:
    """A request that came by."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass
class Fault:
    """What happens to the requests of these methods whose path contains `path`; without `kind` they pass."""

    kind: str = ""
    """cut | silent | torn | slow | flipped, or an error of S3 as `403 AccessDenied`."""
    methods: tuple[str, ...] = ("GET", "PUT", "POST", "HEAD", "DELETE")
    path: str = ""

    def meets(self, method: str, path: str) -> bool:
        return bool(self.kind) and method in self.methods and self.path in path


@dataclass
class FaultyStore:
    """Passes everything on to `host` until it is told otherwise."""

    host: str
    fault: Fault = field(default_factory=Fault)
    seen: list[Seen] = field(default_factory=list)
    on_request: Callable[[str, str], None] = lambda _method, _path: None
    port: int = 0

    def start(self) -> FaultyStore:
        """Listen; on the same port as before, if there was one."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return lambda: outer._handle(self)
                raise AttributeError(name)

            def log_message(self, *_: object) -> None:
                pass

        self._ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Refuse connections, and end those that are open at their next request."""
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        method, path = handler.command, handler.path
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        self.seen.append(Seen(method, path, dict(handler.headers.items())))
        self.on_request(method, path)
        kind = self.fault.kind if self.fault.meets(method, path) else ""
        if self._ended.is_set() or kind == "cut":
            handler.close_connection = True
        elif kind == "silent":
            self._ended.wait(PATIENCE)
            handler.close_connection = True
        elif kind[:1].isdigit():
            status, _, code = kind.partition(" ")
            self._answer(handler, int(status), {"Content-Type": "application/xml"}, ERROR.format(code=code).encode())
        else:
            self._pass(handler, body, kind)

    def _pass(self, handler: BaseHTTPRequestHandler, body: bytes, kind: str) -> None:
        upstream = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        try:
            upstream.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            for name, value in handler.headers.items():  # Host as well: it is signed
                upstream.putheader(name, value)
            upstream.endheaders(body or None)
            answer = upstream.getresponse()
            content = answer.read()
        finally:
            upstream.close()
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}
        if kind == "flipped" and content:
            content = content[:-1] + bytes([content[-1] ^ 1])
        length = answer.getheader("Content-Length")
        self._answer(handler, answer.status, headers, content, kind=kind, length=length)

    def _answer(
        self,
        handler: BaseHTTPRequestHandler,
        status: int,
        headers: dict[str, str],
        content: bytes,
        *,
        kind: str = "",
        length: str | None = None,
    ) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if status != http.HTTPStatus.NO_CONTENT:
            handler.send_header("Content-Length", length if handler.command == "HEAD" and length else str(len(content)))
        handler.end_headers()
        if handler.command != "HEAD":
            for piece in _pieces(content, kind):
                handler.wfile.write(piece)
        handler.close_connection = kind == "torn" or handler.close_connection


def _pieces(content: bytes, kind: str) -> Iterator[bytes]:
    if kind == "torn":
        yield content[: len(content) // 2]
    elif kind == "slow":
        size = len(content) // SLOW_PIECES + 1
        for start in range(0, len(content), size):
            time.sleep(SLOW_PAUSE)
            yield content[start : start + size]
    else:
        yield content
