"""The HTTP server around the application, and how it ends without losing a request."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

import msgspec
import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mlp.inference.app import App
from mlp.inference.lifecycle import Lifecycle
from mlp.inference.listener import BACKLOG
from mlp.inference.log import LOG

_KEEP_ALIVE_SECONDS = 75
"""Longer than proxies and client pools keep a connection, so that it is they who close it and never mid-request."""
_LONGEST_REQUEST_SECONDS = 20
"""What is in flight when the drain time is over gets this long."""


class Server(uvicorn.Server):
    """Serves on one socket until SIGTERM or SIGINT, then drains; a second signal ends the draining.

    During the drain every answer carries `Connection: close`, so that callers leave at a moment of their own choice
    instead of finding a connection closed under a request. A socket that others accept on too is closed at once;
    on one of its own the server goes on accepting, because for a while callers will still be sent here.
    """

    def __init__(
        self,
        app: App,
        lifecycle: Lifecycle,
        *,
        drain_seconds: float,
        shares_listener: bool,
        on_ready: Callable[[], None],
    ) -> None:
        super().__init__(_configuration(app))
        self.servers: list[asyncio.Server] = []  # until it has started, there is nothing to close
        self._lifecycle = lifecycle
        self._drain_seconds = drain_seconds
        self._shares_listener = shares_listener
        self._on_ready = on_ready

    def serve_on(self, listener: socket.socket) -> None:
        """Serve until told to end."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self.serve([listener]))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the two signals, in place of the handlers that would close the listener at once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._drain)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept, and say so."""
        await super().startup(sockets)
        self._on_ready()

    def _drain(self) -> None:
        if self._lifecycle.is_draining:
            self.should_exit = True
            return
        self._lifecycle.is_draining = True
        LOG.info("draining", {"seconds": self._drain_seconds})
        if self._shares_listener:
            for server in self.servers:
                server.close()
        asyncio.get_running_loop().call_later(self._drain_seconds, self._end)

    def _end(self) -> None:
        self.should_exit = True


def _configuration(app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_LONGEST_REQUEST_SECONDS,
    )


class _Protocol(HttpToolsProtocol):
    """Answers what is not HTTP as everything else here is answered: with an error document."""

    def send_400_response(self, msg: str) -> None:
        error = {"code": "invalid_http", "message": "this is not an HTTP/1.1 request", "request_id": None}
        body = msgspec.json.encode({"error": error})
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
