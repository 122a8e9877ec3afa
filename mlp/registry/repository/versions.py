"""Versions in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import bindparam, delete, func
from sqlalchemy.orm import defer, load_only
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select, SelectOfScalar

from mlp.registry.condition import Condition
from mlp.registry.repository.conditions import sql_of
from mlp.registry.tables import AliasRow, ModelRow, VersionRow

# Asked in every push, and therefore built once.
_OF_DIGEST = (
    select(VersionRow)
    .join(ModelRow, col(ModelRow.id) == col(VersionRow.model_id))
    .where(
        col(ModelRow.name) == bindparam("name"),
        col(ModelRow.deleted_at).is_(None),
        col(VersionRow.digest) == bindparam("digest"),
    )
)


class FoundVersion(NamedTuple):
    """A version, and the names of the aliases that point to it, in order."""

    row: VersionRow
    aliases: list[str]


class Stored(NamedTuple):
    """Where the bytes of a version are, and how many there are."""

    id: int
    name: str
    number: int
    sha256: str
    size: int


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
        return (await self._session.exec(_OF_DIGEST, params={"name": name, "digest": digest})).one_or_none()

    async def with_aliases(self, name: str, number: int) -> FoundVersion | None:
        """Return a version of a model, and the aliases that point to it."""
        query = _found_of(name).where(col(VersionRow.number) == number)
        found = (await self._session.exec(query)).one_or_none()
        return None if found is None else _found(found)

    async def page(
        self, name: str, condition: Condition | None, *, archived: bool, before: int | None, limit: int
    ) -> Sequence[FoundVersion]:
        """Return versions that meet `condition` without their documents, from the highest below `before` down.

        Archived ones are among them only if they are asked for.
        """
        # By the model's id: after a join PostgreSQL sorts all versions of the model, and here it walks down the index.
        model = select(ModelRow.id).where(*_live(name)).scalar_subquery()
        query = (
            select(VersionRow, _aliases())
            .where(col(VersionRow.model_id) == model)
            .options(*(defer(column) for column in _documents()))
        )
        if not archived:
            query = query.where(col(VersionRow.archived_at).is_(None))
        if before is not None:
            query = query.where(col(VersionRow.number) < before)
        if condition is not None:
            query = query.where(sql_of(condition))
        found = await self._session.exec(query.order_by(col(VersionRow.number).desc()).limit(limit))
        return [_found(each) for each in found.all()]

    async def stored(self, *, after: int, limit: int) -> Sequence[Stored]:
        """Return which blob each version of any model uses, by id from the first after `after`."""
        facts = load_only(*(cast(Any, fact) for fact in (VersionRow.number, VersionRow.sha256, VersionRow.size)))
        query = select(VersionRow, ModelRow.name).join(ModelRow, col(ModelRow.id) == col(VersionRow.model_id))
        page = query.where(col(VersionRow.id) > after).order_by(col(VersionRow.id)).limit(limit).options(facts)
        found = (await self._session.exec(page)).all()
        return [Stored(row.id or 0, name, row.number, row.sha256, row.size) for row, name in found]

    async def delete(self, row: VersionRow) -> None:
        """Delete a version."""
        await self._session.delete(row)

    async def delete_all(self, model: ModelRow) -> None:
        """Delete all versions of a model."""
        await self._session.exec(delete(VersionRow).where(col(VersionRow.model_id) == model.id))


def _versions_of(name: str) -> SelectOfScalar[VersionRow]:
    joined = select(VersionRow).join(ModelRow, col(ModelRow.id) == col(VersionRow.model_id))
    return joined.where(*_live(name))


def _found_of(name: str) -> Select[VersionRow, Any]:
    joined = select(VersionRow, _aliases()).join(ModelRow, col(ModelRow.id) == col(VersionRow.model_id))
    return joined.where(*_live(name))


def _live(name: str) -> tuple[Any, Any]:
    return col(ModelRow.name) == name, col(ModelRow.deleted_at).is_(None)


def _documents() -> tuple[Any, ...]:
    return (col(VersionRow.signature), col(VersionRow.receipt), col(VersionRow.source), col(VersionRow.params))


def _aliases() -> Any:
    listed = select(func.aggregate_strings(col(AliasRow.name), ",")).where(
        col(AliasRow.model_id) == col(VersionRow.model_id), col(AliasRow.number) == col(VersionRow.number)
    )
    return listed.correlate(VersionRow).scalar_subquery()


def _found(result: Any) -> FoundVersion:
    row, aliases = result
    return FoundVersion(row, sorted(aliases.split(",")) if aliases else [])
