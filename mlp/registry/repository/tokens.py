"""Tokens in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlp.registry.repository.insertion import insert_if_free
from mlp.registry.tables import TokenRow


class Tokens:
    """Rows of tokens within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: TokenRow) -> bool:
        """Insert a token; return False where there is one of that name."""
        return await insert_if_free(self._session, row)

    async def to_change(self, name: str) -> TokenRow | None:
        """Return the token of that name, locked against other writers until the transaction ends."""
        query = select(TokenRow).where(col(TokenRow.name) == name).with_for_update()
        return (await self._session.exec(query)).one_or_none()

    async def of_hash(self, sha256: str) -> TokenRow | None:
        """Return the token that has that hash."""
        return (await self._session.exec(select(TokenRow).where(col(TokenRow.sha256) == sha256))).one_or_none()

    async def page(self, *, after: str | None, limit: int) -> Sequence[TokenRow]:
        """Return tokens by name, from the first name after `after`."""
        query = select(TokenRow)
        if after is not None:
            query = query.where(col(TokenRow.name) > after)
        return (await self._session.exec(query.order_by(col(TokenRow.name)).limit(limit))).all()

    async def delete(self, row: TokenRow) -> None:
        """Delete a token."""
        await self._session.delete(row)

    async def use(self, sha256: str, at: datetime) -> None:
        """Note that a token was used."""
        await self._session.exec(update(TokenRow).where(col(TokenRow.sha256) == sha256).values(last_used_at=at))
