"""Telling those who wait that what the agent shows has changed."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress


class Changes:
    """Names each state by a word, which no state of another agent has either."""

    def __init__(self) -> None:
        self._prefix = secrets.token_hex(4)
        self._count = 0
        self._shown: object = None
        self._next = asyncio.Event()
        self._is_over = False

    @property
    def word(self) -> str:
        """The word for the state that was shown last."""
        return f"{self._prefix}.{self._count}"

    def show(self, state: object) -> None:
        """Show a state; where it differs from the one before, everybody who waits is told."""
        if state != self._shown:
            self._shown = state
            self._count += 1
            self._tell()

    def end(self) -> None:
        """Let nobody wait any more."""
        self._is_over = True
        self._tell()

    async def after(self, word: str, seconds: float) -> None:
        """Wait until the state is another one than `word` names, `seconds` at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while word == self.word and not self._is_over:
                    await self._next.wait()

    def _tell(self) -> None:
        self._next.set()
        self._next = asyncio.Event()
