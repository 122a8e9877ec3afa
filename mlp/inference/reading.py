"""Handlers of requests whose bodies may be large: what takes long to read is read apart from the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from mlp.errors import Unavailable
from mlp.inference.http1 import Reply, Request
from mlp.inference.promise import Promise

Call = TypeVar("Call")
_LARGE = 65_536
"""Bytes; reading so many takes a millisecond, and to say what is wrong with them can take ten times as long."""
_WAITING = 32
"""Large bodies that may wait for their turn; each of them is held in memory."""


class Readers:
    """The thread that reads large bodies, one after the other: two would only take the interpreter from each other."""

    def __init__(self, admit: Callable[[], None]) -> None:
        """`admit` raises Unavailable where there is no place for another request: reading it would be in vain."""
        self.admit = admit
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reader")
        self._waiting = 0

    async def read(self, read: Callable[[Request], Call], request: Request) -> Call:
        """Return what `read` makes of the request; raise Unavailable (`overloaded`) where too many wait for that."""
        if self._waiting >= _WAITING:
            raise Unavailable("too many large bodies are being read", code="overloaded")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, read, request)
        finally:
            self._waiting -= 1


class TwoSteps(Generic[Call]):
    """A handler in two steps: `read` turns a request into a call and needs no event loop, `answer` answers it."""

    def __init__(
        self,
        read: Callable[[Request], Call],
        answer: Callable[[Call], Reply | Promise[Reply]],
        readers: Readers,
        slow_bytes: Callable[[Request], int] = lambda request: len(request.body),
    ) -> None:
        """`slow_bytes` tells how much of a body takes its time to read."""
        self._read = read
        self._answer = answer
        self._readers = readers
        self._slow_bytes = slow_bytes

    def __call__(self, request: Request) -> Reply | Promise[Reply]:
        """Answer one request; raise what its two steps raise."""
        self._readers.admit()
        if self._slow_bytes(request) <= _LARGE:
            return self._answer(self._read(request))
        return Promise.of(self._apart(request))

    async def _apart(self, request: Request) -> Reply:
        reply = self._answer(await self._readers.read(self._read, request))
        return reply if isinstance(reply, Reply) else await reply
