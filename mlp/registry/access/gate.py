"""From an Authorization header to a caller."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from mlp.errors import Denied
from mlp.registry.access.bearer import hash_of, token_in, unknown_token
from mlp.registry.access.caller import ANONYMOUS, Caller
from mlp.registry.access.memory import TokenMemory
from mlp.registry.access.token_files import TokenFile

LookUp = Callable[[str], Awaitable[Caller | None]]
"""Finds the holder of the token with a hash, in the database."""


class Gate(Protocol):
    """Knows who asks."""

    async def admit(self, authorization: Sequence[str]) -> Caller:
        """Return the holder of the token in the Authorization headers of a request; raise Denied without one."""


class OpenGate:
    """The gate of a registry that only its own machine reaches: everybody may do everything."""

    async def admit(self, authorization: Sequence[str]) -> Caller:
        """Return the one caller that there is."""
        return ANONYMOUS


class TokenGate:
    """Admits holders of tokens alone: of those in files, which need no database, and of those in the database."""

    def __init__(self, files: Sequence[TokenFile], look_up: LookUp, memory: TokenMemory) -> None:
        self._files = files
        self._look_up = look_up
        self._memory = memory

    async def admit(self, authorization: Sequence[str]) -> Caller:
        """Return the holder of the token; raise Denied (`token_missing`, `token_invalid`, `token_expired`).

        Raises Unavailable when only the database could tell, and it does not answer: nobody is admitted on a guess.
        """
        hash_ = hash_of(token_in(authorization))
        for file in self._files:
            if caller := file.caller_of(hash_):
                return caller
        known = await self._known(hash_)
        if known is None:
            raise unknown_token()
        if known.expires_at is not None and known.expires_at <= datetime.now(UTC):
            raise Denied(
                f"the token {known.name!r} expired at {known.expires_at:%Y-%m-%dT%H:%M:%SZ}; "
                "an administrator makes another one with: mlp token create NAME --scope read",
                code="token_expired",
            )
        return known

    async def _known(self, hash_: str) -> Caller | None:
        memory = self._memory.recall(hash_)
        if memory is not None:
            return memory.caller
        since = self._memory.now()
        found = await self._look_up(hash_)
        self._memory.remember(hash_, found, since)
        return found
