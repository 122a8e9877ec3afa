"""Blobs in the database: who means to put one, and which of them nothing uses.

A push and a collection of garbage meet at the row of the blob, on whichever replica they run: the push holds it while
it writes the version that uses the blob, the collection locks it while it deletes the blob. Both rely on READ
COMMITTED, where what is read after a lock was waited for is what the other side left.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, exists
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlp.registry.tables import BlobRow, VersionRow

_HOLD = (
    select(BlobRow.generation)
    .where(col(BlobRow.sha256) == bindparam("sha256"))
    .with_for_update(read=True, key_share=True)
)


class Blobs:
    """Rows of blobs within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, sha256: str) -> BlobRow | None:
        """Return the row of a blob."""
        return await self._session.get(BlobRow, sha256)

    async def claim(self, sha256: str, size: int, at: datetime) -> str:
        """Note that the blob is about to be put, and return the generation of its row; waits while it is collected."""
        new = self._insert(sha256, size, at)
        claimed = new.on_conflict_do_update(index_elements=["sha256"], set_={"claimed_at": at})
        return str((await self._session.exec(claimed.returning(col(BlobRow.generation)))).scalar_one())

    async def note(self, sha256: str, size: int, at: datetime) -> None:
        """Give a blob that was found in the store, put there at `at`, a row, unless it has one."""
        await self._session.exec(self._insert(sha256, size, at).on_conflict_do_nothing())

    async def hold(self, sha256: str, generation: str) -> bool:
        """Keep the blob from being collected until this transaction ends; False if it was, since that generation."""
        return (await self._session.exec(_HOLD, params={"sha256": sha256})).one_or_none() == generation

    async def known(self, blobs: set[str]) -> set[str]:
        """Return those of `blobs` that have a row, or a version that uses them."""
        rows = select(BlobRow.sha256).where(col(BlobRow.sha256).in_(blobs))
        versions = select(VersionRow.sha256).where(col(VersionRow.sha256).in_(blobs))
        return {*(await self._session.exec(rows)).all(), *(await self._session.exec(versions)).all()}

    async def unused(self, claimed_before: datetime, *, after: str, limit: int) -> Sequence[BlobRow]:
        """Return blobs that no version uses and no push claimed lately, by digest from the first after `after`."""
        query = select(BlobRow).where(_is_unused(claimed_before), col(BlobRow.sha256) > after)
        return (await self._session.exec(query.order_by(col(BlobRow.sha256)).limit(limit))).all()

    async def lock_unused(self, sha256: str, claimed_before: datetime) -> bool:
        """Lock a blob against claims and holds, if it is unused now and nobody else has it locked."""
        lock = select(BlobRow.sha256).where(col(BlobRow.sha256) == sha256).with_for_update(skip_locked=True)
        if (await self._session.exec(lock)).one_or_none() is None:
            return False
        # Asked after the lock was had: a version that was written meanwhile is seen.
        unused = select(BlobRow.sha256).where(col(BlobRow.sha256) == sha256, _is_unused(claimed_before))
        return (await self._session.exec(unused)).one_or_none() is not None

    async def forget(self, sha256: str) -> None:
        """Delete the row of a blob."""
        await self._session.exec(delete(BlobRow).where(col(BlobRow.sha256) == sha256))

    def _insert(self, sha256: str, size: int, at: datetime) -> Any:
        insert = postgresql.insert if self._session.get_bind().dialect.name == "postgresql" else sqlite.insert
        return insert(BlobRow).values(sha256=sha256, size=size, generation=uuid.uuid4().hex, claimed_at=at)


def _is_unused(claimed_before: datetime) -> Any:
    used = exists().where(col(VersionRow.sha256) == col(BlobRow.sha256)).correlate(BlobRow)
    return (col(BlobRow.claimed_at) < claimed_before) & ~used
