"""The HTTP server around the application: its socket, its end, and what it says when it is ready."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import time
from collections.abc import Callable
from functools import partial
from types import FrameType

import uvicorn
from fastapi import FastAPI

from mlp.errors import Invalid, Precondition
from mlp.registry.middleware import Drain
from mlp.registry.protocol import Protocol
from mlp.registry.settings import Settings, is_loopback


class Server(uvicorn.Server):
    """Serves on one socket until SIGTERM or SIGINT; then finishes what it has, and returns."""

    def __init__(
        self, config: uvicorn.Config, drain: Drain, drain_seconds: float, on_ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._drain = drain
        self._drain_seconds = drain_seconds
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, then say so."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end. Unlike the inherited method, leave no signal to be raised again: a clean end is exit 0."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop to accept at once; answer what open connections still ask; then end them."""
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        self._drain.active = True
        deadline = time.monotonic() + self._drain_seconds
        while self.server_state.connections and time.monotonic() < deadline:  # noqa: ASYNC110  uvicorn has no event
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)


def serve(app: FastAPI, settings: Settings, listener: socket.socket) -> None:
    """Serve `app` on `listener` until a signal ends it."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=partial(Protocol, head_seconds=settings.head_seconds),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=settings.finish_seconds,
    )
    Server(config, app.state.drain, settings.drain_seconds, lambda: _announce(settings.ready_fd)).run([listener])


def open_listener(settings: Settings) -> socket.socket:
    """Return the inherited socket, or a new one on host and port.

    Raises Precondition (`port_taken`), or Invalid (`open_bind`) when an inherited socket is not on loopback and there
    are no tokens.
    """
    if settings.listen_fd is not None:
        return _inherited(settings.listen_fd, settings.guarded)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(1_024)
    except OSError as error:
        listener.close()
        raise Precondition(
            f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}", code="port_taken"
        ) from error
    return listener


def _inherited(descriptor: int, guarded: bool) -> socket.socket:
    try:
        listener = socket.socket(fileno=descriptor)
    except OSError as error:
        raise Precondition(f"descriptor {descriptor} is no socket", code="listener_unusable") from error
    if not guarded and listener.family is not socket.AF_UNIX and not is_loopback(listener.getsockname()[0]):
        listener.close()
        raise Invalid(
            "the inherited socket is beyond loopback, and nobody is asked for a token: "
            "name a file that holds one in MLP_REGISTRY_ADMIN_TOKEN_FILE",
            code="open_bind",
        )
    return listener


def _announce(descriptor: int | None) -> None:
    if descriptor is not None:
        with contextlib.suppress(BrokenPipeError), os.fdopen(descriptor, "w") as pipe:
            pipe.write(json.dumps({"state": "ready"}) + "\n")
