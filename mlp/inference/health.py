"""The port of those who watch over a server: probes and Prometheus, answered whatever happens on the model's port.

A thread of its own with an event loop of its own, which reads numbers that the model's event loop writes. A large body
that is being parsed, a flood of requests or of connections there costs a probe here a few turns of the interpreter's
lock, and no place in any queue. What it must not do is call a process healthy whose model port has stopped: the other
loop leaves the time behind as it turns, and `/health` fails when that is too long ago.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from time import monotonic
from types import TracebackType
from typing import Self

import uvloop

from mlp.errors import Unavailable
from mlp.inference.app import App, Handler, Route
from mlp.inference.http1 import HttpServer, Limits, Reply, Request, Traffic
from mlp.inference.metrics import RouteMetrics
from mlp.inference.pages import Pages
from mlp.inference.routes import elsewhere, watch_routes

STALLED_SECONDS = 30.0
"""A model port whose event loop has not turned for so long is taken for hung; no single request takes that long."""
_LIMITS = Limits(body_bytes=4_096, buffered_bytes=262_144, connections=128, in_flight=32, body_seconds=10)
_FINISH_SECONDS = 1.0
_SWITCH_SECONDS = 0.001
"""How long a thread may keep the interpreter from another one: a page of counters asks for it a dozen times."""


class HealthServer:
    """Serves `/health`, `/ready` and `/metrics` on a listening socket for as long as it is entered."""

    def __init__(self, pages: Pages, traffic: Traffic, listener: socket.socket) -> None:
        """`traffic` is that of the model's port, whose event loop is watched."""
        routes = {**watch_routes(pages), "/health": _health(pages, traffic)}
        # Counted apart: what this thread wrote into the model port's counters would race with the other.
        counts: dict[str, RouteMetrics] = {}
        self._app = App(routes, elsewhere, lambda name: counts.setdefault(name, RouteMetrics()))
        self._listener = listener
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)
        self._is_serving = threading.Event()
        self._end: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> Self:
        """Begin to answer."""
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._thread.start()
        self._is_serving.wait()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Answer what has begun, and end."""
        if self._loop is not None and self._end is not None:
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(2 * _FINISH_SECONDS)

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._serve())
        finally:
            self._is_serving.set()  # whoever waits for it must not wait for ever

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        http = HttpServer(self._app, _LIMITS, Traffic())
        await http.listen(self._listener)
        self._is_serving.set()
        await self._end.wait()
        await http.finish(_FINISH_SECONDS)


def _health(pages: Pages, traffic: Traffic) -> Route:
    def health(request: Request) -> Reply:
        silent = monotonic() - traffic.turned
        if silent > STALLED_SECONDS:
            raise Unavailable(f"the model's port has done nothing for {silent:.0f} s", code="stalled")
        return pages.health(request)

    handler: Handler = health
    return Route({b"GET": handler, b"HEAD": handler}, "/health", is_guarded=False)
