"""Collecting garbage: blobs that no version uses, and that no push is about to use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mlp.api.collection import CollectionReport, CollectionRequest, DamagedVersion, UnusedBlob
from mlp.errors import Failed
from mlp.registry.actor import Actor
from mlp.registry.database import Database
from mlp.registry.repository.versions import Stored
from mlp.registry.store.base import ArtifactStore, Blob

GRACE = timedelta(hours=24)
"""How long a blob outlives its last claim, so that no push under way loses its bytes."""
HOUSEKEEPING = Actor("housekeeping")
_PAGE = 500
_SHOWN = 1_000


class Collection:
    """Deletes blobs one by one, each in a transaction that has its row locked."""

    def __init__(self, database: Database, store: ArtifactStore) -> None:
        self._database = database
        self._store = store

    async def tidy(self, grace: timedelta = GRACE) -> int:
        """Delete the blobs that this database knows to be unused for `grace`; return how many went.

        What only the store knows is left alone: it may be somebody else's.
        """
        before, gone = datetime.now(UTC) - grace, 0
        async for blob in self._unused_rows(before):
            gone += await self._delete(blob, before, HOUSEKEEPING)
        return gone

    async def collect(self, request: CollectionRequest, by: Actor) -> CollectionReport:
        """Look through store and database, and delete what is unused unless it is a dry run."""
        before = datetime.now(UTC) - timedelta(seconds=request.grace_seconds)
        found = _Findings(request.dry_run)
        kept: dict[str, int] = {}
        async for batch in _batches(self._store.blobs()):
            kept |= {blob.sha256: blob.size for blob in batch}
            for orphan in await self._orphans(batch, before):
                if request.dry_run or await self._delete(orphan, before, by):
                    found.add_unused(orphan)
        async for blob in self._unused_rows(before):
            if (request.dry_run or await self._delete(blob, before, by)) and blob.sha256 in kept:
                found.add_unused(blob)
        async for stored in self._versions():
            if kept.get(stored.sha256) != stored.size and (damaged := await self._damage(stored, kept)) is not None:
                found.add_damaged(damaged)
        return found.report()

    async def _orphans(self, batch: list[Blob], before: datetime) -> list[UnusedBlob]:
        """Return the old ones of `batch` that no row speaks of."""
        old = {blob.sha256: blob for blob in batch if blob.modified < before}
        async with self._database.reading() as rows:
            unknown = set(old) - await rows.blobs.known(set(old))
        return [
            UnusedBlob(sha256=blob.sha256, size=blob.size, since=blob.modified, known=False)
            for blob in old.values()
            if blob.sha256 in unknown
        ]

    async def _unused_rows(self, before: datetime) -> AsyncIterator[UnusedBlob]:
        after = ""
        while True:
            async with self._database.reading() as rows:
                page = await rows.blobs.unused(before, after=after, limit=_PAGE)
            for row in page:
                yield UnusedBlob(sha256=row.sha256, size=row.size, since=row.claimed_at, known=True)
            if len(page) < _PAGE:
                return
            after = page[-1].sha256

    async def _delete(self, blob: UnusedBlob, before: datetime, by: Actor) -> bool:
        """Delete a blob, then its row; a crash between leaves the row, by which the next collection finds it again."""
        async with self._database.writing() as rows:
            if not blob.known:
                await rows.blobs.note(blob.sha256, blob.size, blob.since)
            if not await rows.blobs.lock_unused(blob.sha256, before):
                return False
            await self._store.delete(blob.sha256)
            await rows.blobs.forget(blob.sha256)
            rows.events.record("blob.deleted", by, details={"sha256": blob.sha256, "size": blob.size})
            return True

    async def _versions(self) -> AsyncIterator[Stored]:
        after = 0
        while True:
            async with self._database.reading() as rows:
                page = await rows.versions.stored(after=after, limit=_PAGE)
            for stored in page:
                yield stored
            if len(page) < _PAGE:
                return
            after = page[-1].id

    async def _damage(self, stored: Stored, kept: dict[str, int]) -> DamagedVersion | None:
        """Look again at a version whose blob was not listed: it may be newer than the listing, or deleted since."""
        try:
            await (await self._store.open(stored.sha256)).aclose()
        except Failed:
            async with self._database.reading() as rows:
                if await rows.versions.get(stored.name, stored.number) is None:
                    return None
        else:
            return None
        problem = "missing" if stored.sha256 not in kept else "wrong_size"
        return DamagedVersion(name=stored.name, version=stored.number, sha256=stored.sha256, problem=problem)


@dataclass
class _Findings:
    dry_run: bool
    unused: list[UnusedBlob] = field(default_factory=list)
    unused_count: int = 0
    unused_bytes: int = 0
    damaged: list[DamagedVersion] = field(default_factory=list)
    damaged_count: int = 0

    def add_unused(self, blob: UnusedBlob) -> None:
        self.unused_count += 1
        self.unused_bytes += blob.size
        if len(self.unused) < _SHOWN:
            self.unused.append(blob)

    def add_damaged(self, version: DamagedVersion) -> None:
        self.damaged_count += 1
        if len(self.damaged) < _SHOWN:
            self.damaged.append(version)

    def report(self) -> CollectionReport:
        return CollectionReport(**vars(self))


async def _batches(blobs: AsyncIterator[Blob]) -> AsyncIterator[list[Blob]]:
    batch: list[Blob] = []
    async for blob in blobs:
        batch.append(blob)
        if len(batch) == _PAGE:
            yield batch
            batch = []
    if batch:
        yield batch
