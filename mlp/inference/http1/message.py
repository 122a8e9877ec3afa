"""A whole request, the reply to it, and who turns one into the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from mlp.errors import MlpError
from mlp.inference.promise import Promise

Headers = Mapping[bytes, bytes]
"""Names in lower case; a header given several times has its values joined by commas."""


class Request(msgspec.Struct):
    """A request with its whole body."""

    method: bytes
    path: str
    """The target without its query, percent-decoded."""
    headers: Headers
    body: bytes


class Reply(msgspec.Struct):
    """An answer with its whole body."""

    body: bytes
    status: int = 200
    media_type: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """Further headers; length, date and connection are the server's own."""


class Application(Protocol):
    """What answers requests. Both methods are called on the event loop and never raise."""

    def answer(self, request: Request, *, is_full: bool = False) -> Reply | Promise[Reply]:
        """Return the reply, or the promise of one; the promise is cancelled when its caller hangs up.

        `is_full` forbids a promise: as many requests as may be are being answered.
        """

    def refuse(self, error: MlpError, path: str | None) -> Reply:
        """Return the reply to what never became a request; `path` is None where it was not read so far."""
