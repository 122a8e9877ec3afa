"""HTTP to one API server by the standard library, for commands: they wait longer for a client library than for it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from mlp.kube.failures import broken, failure_of, silent, unreachable
from mlp.kube.transport import CONNECT_SECONDS, Request

if TYPE_CHECKING:
    from websocket import WebSocket

    from mlp.kube.kubeconfig import Access


class PlainConnection:
    """A `Transport` with what a kubeconfig of the plain kind says."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._path = urlsplit(access.server).path
        self._idle: list[HTTPConnection] = []

    @property
    def server(self) -> str:
        """The API server's address."""
        return self._access.server

    def send(self, request: Request) -> bytes:
        """Return the body of a good answer; raise what any other answer, or none, means."""
        with self._translated():
            connection, answer = self._asked(request)
            content = answer.read()
        self._idle.append(connection)
        if answer.status >= 400:
            raise failure_of(answer.status, content, answer.headers.get("Retry-After"))
        return content

    @contextmanager
    def lines(self, request: Request) -> Iterator[Iterator[bytes]]:
        """Open a stream, on a connection of its own, and give its lines as they come; leaving the context ends it."""
        connection = self._new()
        try:
            with self._translated():
                answer = self._answer(connection, request)
                if answer.status >= 400:
                    raise failure_of(answer.status, answer.read(), answer.headers.get("Retry-After"))
                yield (line.removesuffix(b"\n") for line in answer if line != b"\n")
        finally:
            connection.close()

    def websocket(self, path: str, protocol: str, *, timeout: float = 10.0) -> WebSocket:
        """Open a WebSocket; `timeout` is for the handshake alone."""
        from mlp.kube.web_socket import open_web_socket

        tls = {} if self._access.tls is None else {"context": self._access.tls}
        return open_web_socket(self.server, path, protocol, headers=self._access.headers, tls=tls, timeout=timeout)

    def close(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop().close()

    def _asked(self, request: Request) -> tuple[HTTPConnection, HTTPResponse]:
        """Send a request. One that was kept may have been closed meanwhile: only what changes nothing tries it."""
        if request.method == "GET" and self._idle:
            kept = self._idle.pop()
            try:
                return kept, self._answer(kept, request)
            except (ConnectionError, HTTPException):
                kept.close()
        connection = self._new()
        try:
            return connection, self._answer(connection, request)
        except (OSError, HTTPException):
            connection.close()
            raise

    def _answer(self, connection: HTTPConnection, request: Request) -> HTTPResponse:
        if connection.sock is None:
            self._connect(connection, min(CONNECT_SECONDS, request.timeout))
        connection.sock.settimeout(request.timeout)
        query = "?" + urlencode(request.query) if request.query else ""
        headers = {**request.headers(), **self._access.headers}
        connection.request(request.method, self._path + request.path + query, request.body, headers)
        return connection.getresponse()

    def _connect(self, connection: HTTPConnection, seconds: float) -> None:
        connection.timeout = seconds
        try:
            connection.connect()
        except (TimeoutError, ssl.SSLError):
            raise
        except OSError as error:
            raise unreachable(self.server) from error

    def _new(self) -> HTTPConnection:
        parts = urlsplit(self.server)
        if self._access.tls is None:
            return HTTPConnection(parts.hostname or "", parts.port)
        return HTTPSConnection(parts.hostname or "", parts.port, context=self._access.tls)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            raise silent(self.server) from error
        except (OSError, HTTPException) as error:
            raise broken(self.server, error) from error
