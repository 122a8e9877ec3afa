"""Where an upload lies until it is an artifact: a file of its own that goes away whatever happens."""

from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mlp.registry.store.base import storage_failure

_BLOCK = 2**20  # bytes gathered before they are hashed and written in a thread
_PROBE = bytes(2**16)  # a small model's size


@dataclass(frozen=True)
class Staged:
    """A whole upload. It is not synced: a store that keeps the file itself does that."""

    path: Path
    sha256: str
    size: int


class Staging:
    """The folder of uploads under way; it exists."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def clear(self) -> None:
        """Remove what uploads left behind when the process died; call it before the first one."""
        for path in self._root.iterdir():
            path.unlink()

    @asynccontextmanager
    async def receive(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[Staged]:
        """Write `chunks` to a file and yield it; on exit the file is removed, unless it was moved away.

        Memory stays flat however long the upload is. Raises Unavailable when there is no room.
        """
        path = self._root / uuid.uuid4().hex
        try:
            try:
                staged = await self._write(path, chunks)
            except OSError as error:
                raise storage_failure(error) from error
            yield staged
        finally:
            path.unlink(missing_ok=True)

    async def check(self) -> None:
        """Return if a small upload could be written now; raise Unavailable if not."""
        try:
            await asyncio.to_thread(self._try_room)
        except OSError as error:
            raise storage_failure(error) from error

    def _try_room(self) -> None:
        # Written, not asked for: file systems do not tell of quotas, or of having become read-only.
        path = self._root / uuid.uuid4().hex
        try:
            path.write_bytes(_PROBE)
        finally:
            path.unlink(missing_ok=True)

    async def _write(self, path: Path, chunks: AsyncIterator[bytes]) -> Staged:
        digest = hashlib.sha256()
        size = 0
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0) as file:

            def append(block: bytes) -> None:
                digest.update(block)
                _write_all(file, block)

            async for block in _blocks(chunks):
                size += len(block)
                await asyncio.to_thread(append, block)
        return Staged(path, digest.hexdigest(), size)


async def _blocks(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    gathered = bytearray()
    async for chunk in chunks:
        gathered += chunk
        if len(gathered) >= _BLOCK:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


def _write_all(file: BinaryIO, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[file.write(view) :]
