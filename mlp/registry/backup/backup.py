"""Writing a backup while the registry serves."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import mlp
from mlp.errors import Failed, Precondition, Unavailable
from mlp.registry.backup.archive import MANIFEST, ArchiveWriter, Contents, Manifest
from mlp.registry.backup.rows import TABLES, line_of
from mlp.registry.database import Database
from mlp.registry.migrations import HEAD
from mlp.registry.store.base import ArtifactStore, storage_failure

_PAGE = 500
_CHUNK_BYTES = 4 * 2**20


class Backup:
    """One run.

    Blobs are copied first, then all rows as they are at one moment, then the blobs that came between. A version of
    that moment whose blob is in neither round was pushed since the beginning, and its blob is within the grace of a
    collection: so whatever is pushed, deleted and collected meanwhile, every version in the file has its blob there.
    """

    def __init__(self, database: Database, store: ArtifactStore) -> None:
        self._database = database
        self._store = store
        self._copied: dict[str, int] = {}

    async def write(self, target: Path) -> Contents:
        """Write the backup to `target`, which appears whole or not at all, for its owner alone.

        Raises Precondition (`file_exists`, `backup_unwritable`), Unavailable (`insufficient_storage`), and what
        `write_to` raises.
        """
        with _new_file(target) as file:
            return await self.write_to(file)

    async def write_to(self, file: BinaryIO) -> Contents:
        """Write the backup to `file`. Raises Failed (`artifact_corrupt`) when a version's blob is gone or damaged."""
        archive = ArchiveWriter(file)
        manifest = Manifest(revision=HEAD, mlp=mlp.__version__, created_at=datetime.now(UTC))
        archive.document(MANIFEST, manifest.model_dump_json().encode())
        await self._copy_present(archive)
        counts, needed = await self._dump(archive)
        for sha256, size in needed.items():
            if sha256 not in self._copied:
                await self._copy(archive, sha256, size)
        contents = Contents(rows=counts, blobs=len(self._copied), blob_bytes=sum(self._copied.values()))
        archive.end(contents)
        return contents

    async def _copy_present(self, archive: ArchiveWriter) -> None:
        after = 0
        while True:
            async with self._database.reading() as rows:
                page = await rows.versions.stored(after=after, limit=_PAGE)
            for stored in page:
                if stored.sha256 not in self._copied:
                    await self._copy(archive, stored.sha256, stored.size, must=False)
            if len(page) < _PAGE:
                return
            after = page[-1].id

    async def _copy(self, archive: ArchiveWriter, sha256: str, size: int, *, must: bool = True) -> None:
        try:
            reader = await self._store.open(sha256)
        except Failed as error:
            if must:
                raise Failed(
                    f"a version's blob is gone or damaged ({sha256}); mlp registry gc names the version",
                    code="artifact_corrupt",
                ) from error
            return  # deleted since the page was read; if not, it is asked for again
        async with aclosing(reader) as pieces:
            await archive.blob(sha256, size, aiter(pieces))
        self._copied[sha256] = size

    async def _dump(self, archive: ArchiveWriter) -> tuple[dict[str, int], dict[str, int]]:
        """Write the rows of one moment; return how many there are by table, and the blobs that they need."""
        counts: dict[str, int] = {}
        needed: dict[str, int] = {}
        async with self._database.snapshot() as rows:
            for name, table in TABLES.items():
                chunk, number, count = bytearray(), 0, 0
                async for row in rows.dump.rows(table):
                    if name == "versions":
                        needed[row["sha256"]] = row["size"]
                    chunk += line_of(row)
                    count += 1
                    if len(chunk) >= _CHUNK_BYTES:
                        number += 1
                        archive.document(f"rows/{name}/{number:06}.jsonl", bytes(chunk))
                        chunk.clear()
                if chunk:
                    archive.document(f"rows/{name}/{number + 1:06}.jsonl", bytes(chunk))
                counts[name] = count
        return counts, needed


@contextmanager
def _new_file(target: Path) -> Iterator[BinaryIO]:
    """Yield a file that becomes `target` on a clean exit, once it is on disk."""
    if target.exists():
        raise Precondition(f"{target} exists already", code="file_exists")
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    except OSError as error:
        failure = storage_failure(error)
        if failure.code == "insufficient_storage":
            raise Unavailable(f"there is no room for {target}", code="insufficient_storage") from error
        raise Precondition(f"{target} cannot be written: {error.strerror}", code="backup_unwritable") from error
    finally:
        part.unlink(missing_ok=True)
