"""Uses of versions in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlp.registry.tables import ModelRow, UseRow


class Uses:
    """Rows of uses within one transaction. A use begins, and a version goes, under the lock of the model's row."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def renew(self, name: str, number: int, holder: str, now: datetime, until: datetime) -> UseRow | None:
        """Let a use that has not expired go on; None if there is none. This is one statement, without a lock."""
        query = (
            update(UseRow)
            .where(
                col(UseRow.model_id) == _model(name),
                col(UseRow.number) == number,
                col(UseRow.holder) == holder,
                col(UseRow.expires_at) > now,
            )
            .values(expires_at=until)
            .returning(UseRow)
        )
        return (await self._session.exec(query)).scalar_one_or_none()

    async def begin(self, model: ModelRow, number: int, holder: str, now: datetime, until: datetime) -> UseRow:
        """Begin a use, in place of one that has expired."""
        row = UseRow(model_id=model.id, number=number, holder=holder, since=now, expires_at=until)
        return await self._session.merge(row)

    async def end(self, name: str, number: int, holder: str) -> bool:
        """Delete a use; return whether there was one."""
        query = delete(UseRow).where(
            col(UseRow.model_id) == _model(name), col(UseRow.number) == number, col(UseRow.holder) == holder
        )
        return bool((await self._session.exec(query)).rowcount)

    async def of_version(
        self, name: str, number: int | None, now: datetime, *, after: str | None = None, limit: int = 1
    ) -> Sequence[UseRow]:
        """Return uses that have not expired, by holder, from the first after `after`; number None: of any version."""
        query = select(UseRow).where(col(UseRow.model_id) == _model(name), col(UseRow.expires_at) > now)
        if number is not None:
            query = query.where(col(UseRow.number) == number)
        if after is not None:
            query = query.where(col(UseRow.holder) > after)
        return (await self._session.exec(query.order_by(col(UseRow.holder)).limit(limit))).all()

    async def forget(self, model: ModelRow, number: int | None = None) -> None:
        """Delete the uses of a version, or those of all versions of a model, expired or not."""
        query = delete(UseRow).where(col(UseRow.model_id) == model.id)
        await self._session.exec(query if number is None else query.where(col(UseRow.number) == number))

    async def expire(self, now: datetime) -> None:
        """Delete uses that have expired."""
        await self._session.exec(delete(UseRow).where(col(UseRow.expires_at) <= now))


def _model(name: str) -> object:
    live = col(ModelRow.deleted_at).is_(None)
    return select(ModelRow.id).where(col(ModelRow.name) == name, live).scalar_subquery()
