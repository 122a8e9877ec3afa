"""From an Authorization header to a caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mlp.registry.access.bearer import hash_of, token_in, unknown_token
from mlp.registry.access.caller import ANONYMOUS, Caller
from mlp.registry.access.token_files import TokenFile


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
    """Admits holders of tokens alone."""

    def __init__(self, files: Sequence[TokenFile]) -> None:
        self._files = files

    async def admit(self, authorization: Sequence[str]) -> Caller:
        """Return the holder of the token; raise Denied (`token_missing`, `token_invalid`) without one."""
        hash_ = hash_of(token_in(authorization))
        for file in self._files:
            if caller := file.caller_of(hash_):
                return caller
        raise unknown_token()
