"""Collecting garbage: blobs that no version uses, and that no push is about to use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mlp.registry.database import Database
from mlp.registry.store.base import ArtifactStore

GRACE = timedelta(hours=24)
"""How long a blob outlives its last claim, so that no push under way loses its bytes."""
_PAGE = 500


class Collection:
    """Deletes blobs one by one, each in a transaction that has its row locked."""

    def __init__(self, database: Database, store: ArtifactStore) -> None:
        self._database = database
        self._store = store

    async def tidy(self, grace: timedelta = GRACE) -> int:
        """Delete the blobs that this database knows to be unused for `grace`; return how many went."""
        before, after, gone = datetime.now(UTC) - grace, "", 0
        while True:
            async with self._database.reading() as rows:
                page = await rows.blobs.unused(before, after=after, limit=_PAGE)
            for blob in page:
                gone += await self._delete(blob.sha256, before)
            if len(page) < _PAGE:
                return gone
            after = page[-1].sha256

    async def _delete(self, sha256: str, before: datetime) -> bool:
        """Delete a blob, then its row; a crash between leaves the row, by which the next collection finds it again."""
        async with self._database.writing() as rows:
            if not await rows.blobs.lock_unused(sha256, before):
                return False
            await self._store.delete(sha256)
            await rows.blobs.forget(sha256)
            return True
