"""The server's life on its sockets, and how it ends without losing a request."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass

import uvloop

from mlp.inference.app import App
from mlp.inference.grpc_port import GrpcPort
from mlp.inference.http1 import HttpServer, Limits, Traffic
from mlp.inference.lifecycle import Lifecycle
from mlp.inference.log import LOG

_LONGEST_REQUEST_SECONDS = 20
"""What is in flight when the drain time is over gets this long."""


@dataclass(frozen=True)
class Server:
    """Serves on one socket until SIGTERM or SIGINT, then drains; a second signal ends the draining.

    During the drain every answer carries `Connection: close`, so that callers leave at a moment of their own choice
    instead of finding a connection closed under a request. A socket that others accept on too is closed at once;
    on one of its own the server goes on accepting, because for a while callers will still be sent here.
    """

    app: App
    limits: Limits
    traffic: Traffic
    lifecycle: Lifecycle
    drain_seconds: float
    shares_listener: bool
    grpc: Callable[[], GrpcPort] | None
    """Makes the gRPC port, where there is to be one."""
    on_ready: Callable[[int | None], None]
    """Called once with the gRPC port."""

    def serve_on(self, listener: socket.socket) -> None:
        """Serve until told to end."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        drain, end = _signals()
        http = HttpServer(self.app, self.limits, self.traffic)
        await http.listen(listener)
        grpc = self.grpc() if self.grpc is not None else None
        self.on_ready(await grpc.listen() if grpc is not None else None)
        await drain.wait()
        self.lifecycle.is_draining = http.is_draining = True
        LOG.info("draining", {"seconds": self.drain_seconds})
        if self.shares_listener:
            http.stop_listening()
        try:
            async with asyncio.timeout(self.drain_seconds):
                await end.wait()
        except TimeoutError:
            pass  # the drain time is over
        if grpc is not None:
            grpc.drain(_LONGEST_REQUEST_SECONDS)
        await http.finish(_LONGEST_REQUEST_SECONDS)
        if grpc is not None:
            await grpc.finish()


def _signals() -> tuple[asyncio.Event, asyncio.Event]:
    """Return what is set by the first SIGTERM or SIGINT, and what by the second."""
    first, second = asyncio.Event(), asyncio.Event()

    def told() -> None:
        (second if first.is_set() else first).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told)
    return first, second
