"""Serves the API on the folder's socket while the agent runs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from mlp.local.agent import Agent
from mlp.local.documents import guarded_socket, remove_document
from mlp.local.routes import create_app

_FINISH_SECONDS = 2
"""How long answers under way may take when the agent ends."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the agent, which has more to end than this server."""
        yield


async def serve(agent: Agent, path: Path) -> None:
    """Run the agent and answer for it at `path` until it has ended everything, or left it to the next one.

    SIGINT begins the one and SIGTERM the other: what ends the agent alone takes nothing from callers of models.
    """
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGCHLD, agent.wake)
    loop.add_signal_handler(signal.SIGINT, agent.stop)
    loop.add_signal_handler(signal.SIGTERM, agent.leave)
    config = uvicorn.Config(
        create_app(agent),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_FINISH_SECONDS,
    )
    server = _Server(config)
    with guarded_socket(path) as listener:
        serving = loop.create_task(server.serve(sockets=[listener]))
        beside = [loop.create_task(agent.uses().run()), loop.create_task(agent.tend_logs())]
        try:
            await agent.run()
        finally:
            for task in beside:
                task.cancel()
            server.should_exit = True
            await serving
            remove_document(path)
