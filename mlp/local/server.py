"""Serves the API on the folder's socket while the agent runs."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn

from mlp.local.agent import Agent
from mlp.local.routes import create_app


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the agent, which has more to end than this server."""
        yield


async def serve(agent: Agent, path: Path) -> None:
    """Run the agent and answer for it at `path` until it has ended everything; SIGTERM and SIGINT begin that."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGCHLD, agent.wake)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, agent.stop)
    config = uvicorn.Config(create_app(agent), http="h11", ws="none", lifespan="off", log_config=None, access_log=False)
    server = _Server(config)
    with _listening(path) as listener:
        serving = loop.create_task(server.serve(sockets=[listener]))
        telling = loop.create_task(agent.uses().run())
        try:
            await agent.run()
        finally:
            telling.cancel()
            server.should_exit = True
            await serving


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    """Listen at `path`, where only the owner of the folder may connect."""
    path.unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(os.fspath(path))
    finally:
        os.umask(before)
    listener.listen()
    try:
        yield listener
    finally:
        with suppress(OSError):
            path.unlink()
        listener.close()
