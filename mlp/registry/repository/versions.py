"""Versions in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func
from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from mlp.registry.tables import ModelRow, VersionRow


class Versions:
    """Rows of versions within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, row: VersionRow) -> None:
        """Insert a version when the transaction ends, or as soon as something asks for it."""
        self._session.add(row)

    async def get(self, name: str, number: int) -> VersionRow | None:
        """Return a version of a model."""
        query = _versions_of(name).where(col(VersionRow.number) == number)
        return (await self._session.exec(query)).one_or_none()

    async def to_change(self, name: str, number: int) -> VersionRow | None:
        """Return a version of a model, locked against other writers until the transaction ends."""
        query = _versions_of(name).where(col(VersionRow.number) == number)
        return (await self._session.exec(query.with_for_update(of=VersionRow))).one_or_none()

    async def of_digest(self, name: str, digest: str) -> VersionRow | None:
        """Return the version of a model that has that digest."""
        query = _versions_of(name).where(col(VersionRow.digest) == digest)
        return (await self._session.exec(query)).one_or_none()

    async def highest(self, model: ModelRow) -> int | None:
        """Return the highest number that a model's versions have."""
        query = select(func.max(VersionRow.number)).where(col(VersionRow.model_id) == model.id)
        return (await self._session.exec(query)).one()

    async def page(self, name: str, *, before: int | None, limit: int) -> Sequence[VersionRow]:
        """Return versions without their documents, from the highest number below `before` down."""
        query = _versions_of(name).options(*(defer(column) for column in _documents()))
        if before is not None:
            query = query.where(col(VersionRow.number) < before)
        return (await self._session.exec(query.order_by(col(VersionRow.number).desc()).limit(limit))).all()

    async def delete(self, row: VersionRow) -> None:
        """Delete a version."""
        await self._session.delete(row)

    async def delete_all(self, model: ModelRow) -> None:
        """Delete all versions of a model."""
        await self._session.exec(delete(VersionRow).where(col(VersionRow.model_id) == model.id))


def _versions_of(name: str) -> SelectOfScalar[VersionRow]:
    live = col(ModelRow.deleted_at).is_(None)
    joined = select(VersionRow).join(ModelRow, col(ModelRow.id) == col(VersionRow.model_id))
    return joined.where(col(ModelRow.name) == name, live)


def _documents() -> tuple[Any, ...]:
    return (col(VersionRow.signature), col(VersionRow.receipt), col(VersionRow.source), col(VersionRow.params))
