"""Aliases in the database, and where they pointed before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from mlp.registry.actor import Actor
from mlp.registry.period import Period
from mlp.registry.tables import AliasChangeRow, AliasRow, ModelRow


class Aliases:
    """Rows of aliases within one transaction. Whoever changes them holds the row of their model (`to_change`)."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, name: str, alias: str) -> AliasRow | None:
        """Return an alias of a model."""
        live = col(ModelRow.deleted_at).is_(None)
        query = select(AliasRow).join(ModelRow, col(ModelRow.id) == col(AliasRow.model_id))
        query = query.where(col(ModelRow.name) == name, live, col(AliasRow.name) == alias)
        return (await self._session.exec(query)).one_or_none()

    async def of_model(self, model: ModelRow) -> list[AliasRow]:
        """Return the aliases of a model, by name."""
        found = await self._session.exec(select(AliasRow).where(col(AliasRow.model_id) == model.id))
        return sorted(found.all(), key=lambda row: row.name)

    async def of_version(self, name: str, number: int | None) -> list[str]:
        """Return the names of the aliases that point to a version of a model, or to any, in order."""
        query = select(AliasRow.name).join(ModelRow, col(ModelRow.id) == col(AliasRow.model_id))
        query = query.where(col(ModelRow.name) == name)
        found = await self._session.exec(query if number is None else query.where(col(AliasRow.number) == number))
        return sorted(found.all())

    async def point(self, model: ModelRow, row: AliasRow | None, alias: str, number: int, by: Actor) -> AliasRow:
        """Point an alias, whose row is `row` if it exists, to a version."""
        change = await self._note(model, alias, None if row is None else row.number, number, by)
        if row is None:
            row = AliasRow(
                model_id=change.model_id, name=alias, number=number, updated_at=change.at, updated_by=by.name
            )
            self._session.add(row)
        else:
            row.number, row.updated_at, row.updated_by = number, change.at, by.name
        await self._session.flush()
        return row

    async def remove(self, model: ModelRow, row: AliasRow, by: Actor) -> None:
        """Remove an alias; its history stays."""
        await self._note(model, row.name, row.number, None, by)
        await self._session.delete(row)
        await self._session.flush()

    async def history(
        self, model: ModelRow, alias: str, *, during: Period | None, before: int | None, limit: int
    ) -> Sequence[AliasChangeRow]:
        """Return entries of an alias's history from the highest number below `before` down.

        With `during`, only those that held at some moment of that period.
        """
        query = _history_of(model, alias)
        if before is not None:
            query = query.where(col(AliasChangeRow.number) < before)
        if during is not None:
            of_alias = (col(AliasChangeRow.model_id) == model.id, col(AliasChangeRow.alias) == alias)
            at = col(AliasChangeRow.at)
            held_first = select(func.max(AliasChangeRow.number)).where(*of_alias, at <= during.start).scalar_subquery()
            query = query.where(at < during.end, col(AliasChangeRow.number) >= func.coalesce(held_first, 1))
        return (await self._session.exec(query.limit(limit))).all()

    async def _note(
        self, model: ModelRow, alias: str, from_version: int | None, to_version: int | None, by: Actor
    ) -> AliasChangeRow:
        latest = (await self._session.exec(_history_of(model, alias).limit(1))).one_or_none()
        now = datetime.now(UTC)
        row = AliasChangeRow(
            model_id=model.id,
            alias=alias,
            number=1 if latest is None else latest.number + 1,
            at=now if latest is None else max(now, latest.at),
            by=by.name,
            from_version=from_version,
            to_version=to_version,
        )
        self._session.add(row)
        return row


def _history_of(model: ModelRow, alias: str) -> SelectOfScalar[AliasChangeRow]:
    query = select(AliasChangeRow).where(col(AliasChangeRow.model_id) == model.id, col(AliasChangeRow.alias) == alias)
    return query.order_by(col(AliasChangeRow.number).desc())
