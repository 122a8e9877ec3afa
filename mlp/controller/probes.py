"""What the operator answers to those who watch over it: `/livez`, `/readyz`, `/metrics`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from mlp.errors import Precondition

Check = Callable[[], str | None]
"""Returns what is wrong, or None."""


class Probes:
    """A small HTTP server; port 0 takes any free port."""

    def __init__(self, host: str, port: int, checks: Mapping[str, Check], metrics: Callable[[], bytes]) -> None:
        try:
            self._server = _Server((host, port), partial(_Handler, dict(checks), metrics))
        except OSError as error:
            raise Precondition(f"{host}:{port} cannot be had: {error.strerror}", code="port_taken") from error

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        threading.Thread(target=self._server.serve_forever, name="probes", daemon=True).start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without asking for the name of this host, for which a pod without DNS would wait."""
        TCPServer.server_bind(self)


class _Handler(BaseHTTPRequestHandler):
    timeout = 10

    def __init__(self, checks: Mapping[str, Check], metrics: Callable[[], bytes], *connection: Any) -> None:
        self._checks = checks
        self._metrics = metrics
        super().__init__(*connection)  # answers

    def do_GET(self) -> None:
        """Answer a probe."""
        if self.path == "/metrics":
            self._answer(200, self._metrics(), "text/plain; version=0.0.4; charset=utf-8")
        elif self.path in self._checks:
            wrong = self._checks[self.path]()
            self._answer(200 if wrong is None else 503, (wrong or "ok").encode() + b"\n")
        else:
            self._answer(404, b"no such path\n")

    def _answer(self, status: int, body: bytes, media_type: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name of the base class
        """Say nothing: probes come every few seconds."""
