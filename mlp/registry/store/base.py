"""The seam between the registry and where its bytes are."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from mlp.errors import Failed, MlpError, Unavailable

PIECE = 2**18  # bytes that a reader gives at a time, at most
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True)
class Blob:
    """A blob as a listing sees it; nobody has looked whether its bytes have that digest."""

    sha256: str
    size: int
    modified: datetime
    """When it was put last, in UTC."""


class Reader(Protocol):
    """A blob, or a part of one, on its way out: iterate it once, then close it (`contextlib.aclosing`)."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the bytes in order; never more than PIECE at a time."""

    async def aclose(self) -> None:
        """Let go of what the reader holds."""


class ArtifactStore(Protocol):
    """Keeps blobs by their SHA-256. Every method raises Unavailable when the store itself fails.

    Codes: `insufficient_storage` when there is no room, `storage_unavailable` for the rest.
    """

    async def prepare(self) -> None:
        """Make what the store needs; called once, before everything else.

        Raises Precondition when that is not allowed. A store that does not answer is no reason: `check` says so.
        """

    async def put(self, sha256: str, source: Path) -> None:
        """Keep the file `source`, whose digest is `sha256`; durable on return.

        `source` belongs to the store from here on. A blob that exists is replaced by the same bytes, which repairs a
        damaged one and makes it young again.
        """

    async def open(self, sha256: str, start: int = 0, length: int | None = None) -> Reader:
        """Return the blob, or `length` bytes of it from `start` on, after the digest of the whole was verified.

        Raises Failed (`artifact_corrupt`) when the blob is gone or has another digest.
        """

    async def link(self, sha256: str) -> str | None:
        """Return a URL at which anyone can fetch the blob for some minutes, or None where the store has no such.

        Nobody has looked whether the blob is there: who follows the link verifies the digest.
        """

    async def delete(self, sha256: str) -> None:
        """Forget the blob; one that is not there is forgotten already."""

    def blobs(self) -> AsyncIterator[Blob]:
        """Yield every blob, in no order. What is put or deleted meanwhile may be among them or not."""

    async def check(self) -> None:
        """Return if a blob could be kept now."""


def storage_failure(error: OSError) -> MlpError:
    """Return what an error of the operating system means to a client; it names no path."""
    if error.errno in _NO_ROOM:
        return Unavailable("the registry's storage has no room left", code="insufficient_storage")
    return Unavailable("the registry's storage does not work", code="storage_unavailable")


def gone() -> Failed:
    """Return the error for a blob that a row speaks of and the store does not have."""
    return Failed("the stored model is gone", code="artifact_corrupt")


def damaged() -> Failed:
    """Return the error for a blob whose bytes do not have its digest."""
    return Failed("the stored model is damaged", code="artifact_corrupt")
