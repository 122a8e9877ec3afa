"""Announced uploads in the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlp.registry.repository.insertion import insert_if_free
from mlp.registry.tables import UploadRow

_OF_KEY = select(UploadRow).where(
    col(UploadRow.model_name) == bindparam("name"), col(UploadRow.idempotency_key) == bindparam("key")
)


class Uploads:
    """Rows of announced uploads within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: UploadRow) -> bool:
        """Insert an upload; return False where its model has one with that idempotency key."""
        return await insert_if_free(self._session, row)

    async def get(self, id_: str) -> UploadRow | None:
        """Return an announced upload."""
        return await self._session.get(UploadRow, id_)

    async def of_key(self, name: str, key: str) -> UploadRow | None:
        """Return the upload that was announced for a model with that idempotency key."""
        return (await self._session.exec(_OF_KEY, params={"name": name, "key": key})).one_or_none()

    async def finish(self, id_: str, number: int) -> None:
        """Note which version came of an upload, and drop the manifest that the version now holds."""
        query = update(UploadRow).where(col(UploadRow.id) == id_).values(number=number, manifest="")
        await self._session.exec(query)

    async def forget(self, name: str, number: int | None = None) -> None:
        """Delete the uploads that would lead to a version of a model, or all of the model."""
        query = delete(UploadRow).where(col(UploadRow.model_name) == name)
        await self._session.exec(query if number is None else query.where(col(UploadRow.number) == number))

    async def expire(self, before: datetime) -> None:
        """Delete uploads that were announced before that moment."""
        await self._session.exec(delete(UploadRow).where(col(UploadRow.created_at) < before))
