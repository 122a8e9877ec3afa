"""A proxy in front of the API server that stalls, refuses, or tells a test of every write before and after it."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.cluster.control_plane import ControlPlane

WRITES = ("POST", "PUT", "PATCH", "DELETE")


class FaultyProxy:
    """Passes everything on until a test says otherwise."""

    def __init__(self, plane: ControlPlane) -> None:
        self.requests: list[tuple[str, str]] = []
        self.refuse_with: tuple[int, dict[str, str]] | None = None
        self.wrote: Callable[[str, str], None] = lambda _method, _path: None
        self._stalled = threading.Event()
        self._writes_only = False
        self._ended = threading.Event()
        self._plane = plane
        self._context = ssl.create_default_context(cafile=str(plane.folder / "certificates" / "apiserver.crt"))
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return lambda: outer._pass(self)
                raise AttributeError(name)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stall(self, *, writes_only: bool = False) -> None:
        """Drop every packet from now on, without closing anything; or those of new writes, but for the Lease's."""
        self._writes_only = writes_only
        self._stalled.set()

    def recover(self) -> None:
        """Pass new connections on again; what was held stays held."""
        self._stalled = threading.Event()

    def stop(self) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def _pass(self, handler: BaseHTTPRequestHandler) -> None:
        stalled = self._stalled
        method, path = handler.command, handler.path
        is_write = method in WRITES and "/leases" not in path
        if stalled.is_set() and (is_write or not self._writes_only):
            self._ended.wait(120)
            return
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        if self.refuse_with is not None:
            self.requests.append((method, path))
            self._refuse(handler, *self.refuse_with)
            return
        upstream = http.client.HTTPSConnection("127.0.0.1", self._plane.port, context=self._context, timeout=600)
        try:
            headers = {name: value for name, value in handler.headers.items() if name.lower() != "host"}
            upstream.request(method, path, body or None, headers)
            answer = upstream.getresponse()
            self.requests.append((method, path))
            if is_write and answer.status < 300:
                self.wrote(method, path.partition("?")[0])
            self._relay(handler, answer, stalled)
        except (OSError, http.client.HTTPException):
            handler.close_connection = True
        finally:
            upstream.close()

    def _relay(
        self, handler: BaseHTTPRequestHandler, answer: http.client.HTTPResponse, stalled: threading.Event
    ) -> None:
        handler.send_response(answer.status)
        for name in ("Content-Type", "Retry-After"):
            if answer.headers.get(name):
                handler.send_header(name, answer.headers[name])
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while piece := answer.read1(65_536):
            if stalled.is_set() and not self._writes_only:
                self._ended.wait(120)
                return
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        handler.wfile.write(b"0\r\n\r\n")

    @staticmethod
    def _refuse(handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str]) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
