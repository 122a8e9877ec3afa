"""Webhooks in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlp.registry.tables import WebhookRow


class Webhooks:
    """Rows of webhooks within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: WebhookRow) -> None:
        """Insert a webhook, which gives it its id."""
        self._session.add(row)
        await self._session.flush()

    async def get(self, id_: int) -> WebhookRow | None:
        """Return a webhook."""
        return await self._session.get(WebhookRow, id_)

    async def count(self) -> int:
        """Return how many there are."""
        return (await self._session.exec(select(func.count()).select_from(WebhookRow))).one()

    async def page(self, *, after: int | None, limit: int) -> Sequence[WebhookRow]:
        """Return webhooks from the first id after `after`."""
        query = select(WebhookRow) if after is None else select(WebhookRow).where(col(WebhookRow.id) > after)
        return (await self._session.exec(query.order_by(col(WebhookRow.id)).limit(limit))).all()

    async def delete(self, row: WebhookRow) -> None:
        """Delete a webhook; it has no deliveries any more."""
        await self._session.delete(row)
