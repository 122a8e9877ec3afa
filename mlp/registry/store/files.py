"""Blobs as files: `blobs/sha256/ab/<64 hexadecimal digits>`."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from mlp.registry.store.base import PIECE, Blob, Reader, damaged, gone, storage_failure


class FileStore:
    """Keeps blobs in the folder `root`, which exists; sources must be on the same file system."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def prepare(self) -> None:
        """Nothing: the data folder made the root."""

    async def put(self, sha256: str, source: Path) -> None:
        """Sync `source` and rename it to its place; the file and its folder are on disk on return."""
        try:
            await asyncio.to_thread(self._move, source, self._path(sha256))
        except OSError as error:
            raise storage_failure(error) from error

    async def open(self, sha256: str, start: int = 0, length: int | None = None) -> Reader:
        """Read the file twice: once to verify it, once for the caller."""
        try:
            return await asyncio.to_thread(self._open, sha256, start, length)
        except OSError as error:
            raise storage_failure(error) from error

    async def link(self, sha256: str) -> str | None:
        """Return None: files have no address."""
        return None

    async def delete(self, sha256: str) -> None:
        """Unlink the file."""
        try:
            await asyncio.to_thread(self._path(sha256).unlink, missing_ok=True)
        except OSError as error:
            raise storage_failure(error) from error

    async def blobs(self) -> AsyncIterator[Blob]:
        """List one folder after the other."""
        try:
            for folder in await asyncio.to_thread(_listed, self._root / "sha256"):
                for blob in await asyncio.to_thread(_blobs_in, folder):
                    yield blob
        except OSError as error:
            raise storage_failure(error) from error

    async def check(self) -> None:
        """Look whether the folder can be written to."""
        if not await asyncio.to_thread(os.access, self._root, os.W_OK | os.X_OK):
            raise storage_failure(PermissionError())

    def _path(self, sha256: str) -> Path:
        return self._root / "sha256" / sha256[:2] / sha256

    def _move(self, source: Path, target: Path) -> None:
        for folder in (target.parent.parent, target.parent):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
                sync_folder(folder.parent)
        with source.open("rb") as file:
            os.utime(source)  # a file that was staged long ago is a young blob all the same
            os.fsync(file.fileno())
        source.replace(target)
        sync_folder(target.parent)

    def _open(self, sha256: str, start: int, length: int | None) -> Reader:
        try:
            file = self._path(sha256).open("rb")
        except FileNotFoundError as error:
            raise gone() from error
        try:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise damaged()
            size = file.seek(0, os.SEEK_END)
            file.seek(start)
        except BaseException:
            file.close()
            raise
        return _FileReader(file, size - start if length is None else length)


class _FileReader:
    """The next `left` bytes of an open file."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self._file = file
        self._left = left

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._left > 0:
            try:
                piece = await asyncio.to_thread(self._file.read, min(PIECE, self._left))
            except OSError as error:
                raise storage_failure(error) from error
            if not piece:
                raise damaged()
            self._left -= len(piece)
            yield piece

    async def aclose(self) -> None:
        self._file.close()


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def _blobs_in(folder: Path) -> list[Blob]:
    found = []
    for path in _listed(folder):
        with contextlib.suppress(FileNotFoundError):  # deleted since
            status = path.stat()
            found.append(Blob(path.name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC)))
    return found


def sync_folder(folder: Path) -> None:
    """Wait until the names in `folder` are on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
