"""Models in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import String, bindparam, cast, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlp.registry.repository.insertion import insert_if_free
from mlp.registry.tables import AliasRow, ModelRow, VersionRow

# Asked in every push, and therefore built once.
_ROW = select(ModelRow).where(col(ModelRow.name) == bindparam("name"), col(ModelRow.deleted_at).is_(None))
_TO_CHANGE = select(ModelRow).where(col(ModelRow.name) == bindparam("name")).with_for_update()


class FoundModel(NamedTuple):
    """A model with what its document shows of other tables."""

    row: ModelRow
    latest_version: int | None
    """The highest of its versions that are not archived."""
    aliases: str | None
    """`production=2,staging=3` in any order."""


class Models:
    """Rows of models within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: ModelRow) -> bool:
        """Insert a model; return False where there is one of that name, deleted or not."""
        return await insert_if_free(self._session, row)

    async def get(self, name: str) -> FoundModel | None:
        """Return a model with its highest version and its aliases, or None if there is none of that name."""
        query = select(ModelRow, _highest_version(), _aliases()).where(
            col(ModelRow.name) == name, col(ModelRow.deleted_at).is_(None)
        )
        found = (await self._session.exec(query)).one_or_none()
        return None if found is None else FoundModel(*found)

    async def row(self, name: str) -> ModelRow | None:
        """Return the row of a model alone."""
        return (await self._session.exec(_ROW, params={"name": name})).one_or_none()

    async def to_change(self, name: str) -> ModelRow | None:
        """Return the row of that name, deleted or not, locked against other writers until the transaction ends."""
        return (await self._session.exec(_TO_CHANGE, params={"name": name})).one_or_none()

    async def page(
        self,
        *,
        search: str | None,
        tags: Sequence[tuple[str, str | None]],
        archived: bool,
        after: str | None,
        limit: int,
    ) -> Sequence[FoundModel]:
        """Return models by name, from the first name after `after`; archived ones only if they are asked for."""
        query = select(ModelRow, _highest_version(), _aliases()).where(col(ModelRow.deleted_at).is_(None))
        if not archived:
            query = query.where(col(ModelRow.archived_at).is_(None))
        if search is not None:
            query = query.where(col(ModelRow.name).contains(search.lower(), autoescape=True))
        for key, value in tags:
            stored = col(ModelRow.tags)[key].as_string()
            query = query.where(stored.is_not(None) if value is None else stored == value)
        if after is not None:
            query = query.where(col(ModelRow.name) > after)
        found = await self._session.exec(query.order_by(col(ModelRow.name)).limit(limit))
        return [FoundModel(*each) for each in found.all()]


def _highest_version() -> Any:
    offered = col(VersionRow.archived_at).is_(None)
    highest = select(func.max(VersionRow.number)).where(col(VersionRow.model_id) == col(ModelRow.id), offered)
    return highest.correlate(ModelRow).scalar_subquery()


def _aliases() -> Any:
    pair = col(AliasRow.name) + "=" + cast(AliasRow.number, String)
    listed = select(func.aggregate_strings(pair, ",")).where(col(AliasRow.model_id) == col(ModelRow.id))
    return listed.correlate(ModelRow).scalar_subquery()
