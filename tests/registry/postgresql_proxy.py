"""The network between a registry and PostgreSQL: it can be cut, be silent, and lose the answer to a COMMIT."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

COMMIT = b"COMMIT;"  # as asyncpg sends it


class Proxy:
    """Listens on a port of loopback and carries bytes to a unix socket. Use it as a context manager."""

    def __init__(self, target: Path) -> None:
        self.port = 0
        self.lost_commits = 0
        self._target = target
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._refusing = False
        self._losing = False
        self._open: set[asyncio.StreamWriter] = set()

    def __enter__(self) -> Proxy:
        self._thread.start()
        assert self._started.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._ended.set)
        self._thread.join()

    def cut(self, *, refuse: bool = False) -> None:
        """Reset every connection; from then on, maybe, reset each new one too."""

        def act() -> None:
            self._refusing = refuse
            self._reset()

        self._call(act)

    def stall(self) -> None:
        """Carry nothing more, neither way, and say nothing of it."""
        self._call(self._flowing.clear)

    def resume(self) -> None:
        """Carry everything again."""

        def act() -> None:
            self._refusing = False
            self._flowing.set()

        self._call(act)

    def lose_commit(self) -> None:
        """Let the next COMMIT reach the database, and reset the connection in place of its answer."""
        self._call(lambda: setattr(self, "_losing", True))

    async def _serve(self) -> None:
        self._loop, self._ended, self._flowing = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        self._flowing.set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._ended.wait()
        server.close()
        self._reset()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not self._refusing:
                await self._carry(reader, writer, *await asyncio.open_unix_connection(str(self._target)))
        except OSError:
            pass
        finally:
            writer.transport.abort()

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there_reader: asyncio.StreamReader,
        there_writer: asyncio.StreamWriter,
    ) -> None:
        self._open |= {writer, there_writer}
        committing = asyncio.Event()

        async def forth() -> None:
            while data := await reader.read(65_536):
                await self._flowing.wait()
                if self._losing and COMMIT in data:
                    self._losing = False
                    committing.set()
                there_writer.write(data)

        async def back() -> None:
            while data := await there_reader.read(65_536):
                await self._flowing.wait()
                if committing.is_set():
                    self.lost_commits += 1
                    return
                writer.write(data)

        ways = [asyncio.ensure_future(forth()), asyncio.ensure_future(back())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for end in (writer, there_writer):
                end.transport.abort()
                self._open.discard(end)
            await asyncio.gather(*ways, return_exceptions=True)

    def _reset(self) -> None:
        for end in self._open:
            end.transport.abort()

    def _call(self, act: Callable[[], Any]) -> None:
        self._loop.call_soon_threadsafe(act)
