"""Blobs as files: `blobs/sha256/ab/<64 hexadecimal digits>`."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from mlp.errors import Failed
from mlp.registry.store.base import storage_failure


class FileStore:
    """Keeps blobs in the folder `root`, which exists; sources must be on the same file system, and synced."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, sha256: str, source: Path) -> None:
        """Rename `source` to its place; the file and its folder are on disk on return."""
        try:
            await asyncio.to_thread(self._move, source, self._path(sha256))
        except OSError as error:
            raise storage_failure(error) from error

    async def open(self, sha256: str) -> BinaryIO:
        """Read the file twice: once to verify it, once for the caller."""
        try:
            return await asyncio.to_thread(self._open, sha256)
        except OSError as error:
            raise storage_failure(error) from error

    async def delete(self, sha256: str) -> None:
        """Unlink the file."""
        try:
            await asyncio.to_thread(self._path(sha256).unlink, missing_ok=True)
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
        source.replace(target)
        sync_folder(target.parent)

    def _open(self, sha256: str) -> BinaryIO:
        try:
            file = self._path(sha256).open("rb")
        except FileNotFoundError as error:
            raise Failed("the stored model is gone", code="artifact_corrupt") from error
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != sha256:
            file.close()
            raise Failed("the stored model is damaged", code="artifact_corrupt")
        file.seek(0)
        return file


def sync_folder(folder: Path) -> None:
    """Wait until the names in `folder` are on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
