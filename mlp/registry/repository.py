"""Every SQL statement of the registry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, update
from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from mlp.registry.tables import ModelRow, UploadRow, VersionRow


class Repository:
    """Rows within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, row: ModelRow | VersionRow | UploadRow) -> None:
        """Insert `row` when the transaction ends, or as soon as something asks for it."""
        self._session.add(row)

    async def flush(self) -> None:
        """Insert what was added, which gives rows their ids."""
        await self._session.flush()

    async def model(self, name: str) -> tuple[ModelRow, int | None] | None:
        """Return a model and its highest version, or None if there is none of that name."""
        query = select(ModelRow, _highest_version()).where(
            col(ModelRow.name) == name, col(ModelRow.deleted_at).is_(None)
        )
        return (await self._session.exec(query)).one_or_none()

    async def model_to_change(self, name: str) -> ModelRow | None:
        """Return the row of that name, deleted or not, locked against other writers."""
        query = select(ModelRow).where(col(ModelRow.name) == name).with_for_update()
        return (await self._session.exec(query)).one_or_none()

    async def models(
        self, *, search: str | None, tag: tuple[str, str | None] | None, after: str | None, limit: int
    ) -> Sequence[tuple[ModelRow, int | None]]:
        """Return models and their highest versions by name, from the first name after `after`."""
        query = select(ModelRow, _highest_version()).where(col(ModelRow.deleted_at).is_(None))
        if search is not None:
            query = query.where(col(ModelRow.name).contains(search.lower(), autoescape=True))
        if tag is not None:
            key, value = tag
            stored = col(ModelRow.tags)[key].as_string()
            query = query.where(stored.is_not(None) if value is None else stored == value)
        if after is not None:
            query = query.where(col(ModelRow.name) > after)
        return (await self._session.exec(query.order_by(col(ModelRow.name)).limit(limit))).all()

    async def version(self, name: str, number: int) -> VersionRow | None:
        """Return a version of a model."""
        query = _versions_of(name).where(col(VersionRow.number) == number)
        return (await self._session.exec(query)).one_or_none()

    async def version_of_digest(self, name: str, digest: str) -> VersionRow | None:
        """Return the version of a model that has that digest."""
        query = _versions_of(name).where(col(VersionRow.digest) == digest)
        return (await self._session.exec(query)).one_or_none()

    async def versions(self, name: str, *, before: int | None, limit: int) -> Sequence[VersionRow]:
        """Return versions without their documents, from the highest number below `before` down."""
        query = _versions_of(name).options(*(defer(column) for column in _documents()))
        if before is not None:
            query = query.where(col(VersionRow.number) < before)
        return (await self._session.exec(query.order_by(col(VersionRow.number).desc()).limit(limit))).all()

    async def delete_version(self, row: VersionRow, name: str) -> None:
        """Delete a version, and the uploads that would lead to it."""
        await self._session.exec(
            delete(UploadRow).where(col(UploadRow.model_name) == name, col(UploadRow.number) == row.number)
        )
        await self._session.delete(row)

    async def delete_versions(self, model: ModelRow) -> set[str]:
        """Delete all versions and uploads of a model; return the digests of the blobs that they used."""
        blobs = select(VersionRow.sha256).where(col(VersionRow.model_id) == model.id).distinct()
        found = set((await self._session.exec(blobs)).all())
        await self._session.exec(delete(VersionRow).where(col(VersionRow.model_id) == model.id))
        await self._session.exec(delete(UploadRow).where(col(UploadRow.model_name) == model.name))
        return found

    async def unused(self, blobs: set[str]) -> set[str]:
        """Return those of `blobs` that no version uses."""
        query = select(VersionRow.sha256).where(col(VersionRow.sha256).in_(blobs)).distinct()
        return blobs - set((await self._session.exec(query)).all())

    async def upload(self, id_: str) -> UploadRow | None:
        """Return an announced upload."""
        return await self._session.get(UploadRow, id_)

    async def upload_of_key(self, name: str, key: str) -> UploadRow | None:
        """Return the upload that was announced for a model with that idempotency key."""
        query = select(UploadRow).where(col(UploadRow.model_name) == name, col(UploadRow.idempotency_key) == key)
        return (await self._session.exec(query)).one_or_none()

    async def finish_upload(self, id_: str, number: int) -> None:
        """Note which version came of an upload, and drop the manifest that the version now holds."""
        query = update(UploadRow).where(col(UploadRow.id) == id_).values(number=number, manifest="")
        await self._session.exec(query)

    async def expire_uploads(self, before: datetime) -> None:
        """Delete uploads that were announced before that moment."""
        await self._session.exec(delete(UploadRow).where(col(UploadRow.created_at) < before))


def _versions_of(name: str) -> SelectOfScalar[VersionRow]:
    live = col(ModelRow.deleted_at).is_(None)
    joined = select(VersionRow).join(ModelRow, col(ModelRow.id) == col(VersionRow.model_id))
    return joined.where(col(ModelRow.name) == name, live)


def _highest_version() -> Any:
    highest = select(func.max(VersionRow.number)).where(col(VersionRow.model_id) == col(ModelRow.id))
    return highest.correlate(ModelRow).scalar_subquery()


def _documents() -> tuple[Any, ...]:
    return (col(VersionRow.signature), col(VersionRow.receipt), col(VersionRow.source), col(VersionRow.params))
