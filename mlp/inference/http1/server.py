"""All connections of one listening socket: how many, for how long, and how they end."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import socket
from time import monotonic

from mlp.inference.http1.connection import Connection
from mlp.inference.http1.head import HeadWriter
from mlp.inference.http1.limits import Limits
from mlp.inference.http1.message import Application
from mlp.inference.http1.throttle import Throttle
from mlp.inference.http1.traffic import Traffic

_TICK_SECONDS = 0.25
"""How often deadlines are looked at; they are that exact."""
_POLL_SECONDS = 0.01
BACKLOG = 2_048
"""Connections that wait to be accepted."""


class HttpServer:
    """Serves an application on a socket, on the running event loop."""

    def __init__(self, application: Application, limits: Limits, traffic: Traffic) -> None:
        self.application = application
        self.limits = limits
        self.loop = asyncio.get_running_loop()
        self.heads = HeadWriter()
        self.throttle = Throttle(self.loop)
        self.is_draining = False
        """Every answer carries `Connection: close` from now on."""
        self.traffic = traffic
        self.now = self.loop.time()
        """The loop's time, as of the last tick."""
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._ticking: asyncio.TimerHandle | None = None

    async def listen(self, listener: socket.socket) -> None:
        """Begin to accept."""
        self._server = await self.loop.create_server(lambda: Connection(self), sock=listener, backlog=BACKLOG)
        self._tick()

    def stop_listening(self) -> None:
        """Accept nobody any more; who is connected stays."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def finish(self, seconds: float) -> None:
        """Accept nobody, answer what has begun, and close all connections; what takes longer than that is told so."""
        self.stop_listening()
        self.is_draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._connections:
                    for connection in [each for each in self._connections if not each.is_busy]:
                        connection.close()
                    await asyncio.sleep(_POLL_SECONDS)
        if self._connections:
            for connection in list(self._connections):
                connection.give_up()
            await asyncio.sleep(_POLL_SECONDS)  # which sends what is written
        self.throttle.close()
        if self._ticking is not None:
            self._ticking.cancel()

    def admit(self, connection: Connection) -> bool:
        """Count a new connection; return whether there is room, which those that idle longest may have to make."""
        limit = self.limits.connections
        if len(self._connections) >= limit:
            idle = (each for each in self._connections if each.is_idle)
            # Several at once, because looking for them takes as long as there are connections.
            for each in heapq.nsmallest(max(1, limit // 32), idle, key=lambda each: each.deadline):
                self._connections.discard(each)
                each.close()
        self._connections.add(connection)
        self.traffic.connections = len(self._connections)
        return len(self._connections) <= limit

    def release(self, connection: Connection) -> None:
        """Count a connection no more."""
        self._connections.discard(connection)
        self.traffic.connections = len(self._connections)

    def _tick(self) -> None:
        self.now = self.loop.time()
        self.traffic.turned = monotonic()
        self.heads.tick()
        for connection in list(self._connections):
            connection.check(self.now)
        self._ticking = self.loop.call_later(_TICK_SECONDS, self._tick)
