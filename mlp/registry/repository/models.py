"""Models in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlp.registry.repository.insertion import insert_if_free
from mlp.registry.tables import ModelRow, VersionRow


class Models:
    """Rows of models within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: ModelRow) -> bool:
        """Insert a model; return False where there is one of that name, deleted or not."""
        return await insert_if_free(self._session, row)

    async def get(self, name: str) -> tuple[ModelRow, int | None] | None:
        """Return a model and its highest version, or None if there is none of that name."""
        query = select(ModelRow, _highest_version()).where(
            col(ModelRow.name) == name, col(ModelRow.deleted_at).is_(None)
        )
        return (await self._session.exec(query)).one_or_none()

    async def to_change(self, name: str) -> ModelRow | None:
        """Return the row of that name, deleted or not, locked against other writers until the transaction ends."""
        query = select(ModelRow).where(col(ModelRow.name) == name).with_for_update()
        return (await self._session.exec(query)).one_or_none()

    async def page(
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


def _highest_version() -> Any:
    highest = select(func.max(VersionRow.number)).where(col(VersionRow.model_id) == col(ModelRow.id))
    return highest.correlate(ModelRow).scalar_subquery()
