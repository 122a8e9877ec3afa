"""Deliveries to webhooks in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlp.api.webhook import DeliveryState
from mlp.registry.tables import DeliveryRow, WebhookRow


class Deliveries:
    """Rows of deliveries within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lease_due(
        self, now: datetime, until: datetime, *, limit: int, busy: Mapping[int | None, int], most_each: int
    ) -> Sequence[tuple[DeliveryRow, WebhookRow]]:
        """Take at most `limit` deliveries that are due, so that nobody else does before `until`, and count the attempt.

        `busy` says how many the caller has in hand already, by webhook; of one webhook it gets no more than
        `most_each`, so that one that hangs leaves room for the others.
        """
        taken = Counter(busy)
        full = [webhook for webhook, count in taken.items() if count >= most_each]
        query = (
            select(DeliveryRow, WebhookRow)
            .join(WebhookRow, col(WebhookRow.id) == col(DeliveryRow.webhook_id))
            .where(col(DeliveryRow.finished_at).is_(None), col(DeliveryRow.next_at) <= now)
            .where(col(DeliveryRow.webhook_id).not_in(full))
            .order_by(col(DeliveryRow.next_at))
            .limit(limit)
            .with_for_update(skip_locked=True, of=DeliveryRow)
        )
        leased = []
        for delivery, webhook in (await self._session.exec(query)).all():
            if taken[webhook.id] < most_each:
                taken[webhook.id] += 1
                delivery.attempts += 1
                delivery.next_at = until
                leased.append((delivery, webhook))
        return leased

    async def settle(
        self,
        delivery: DeliveryRow,
        now: datetime,
        *,
        delivered: bool,
        again: datetime | None,
        status: int | None,
        error: str | None,
    ) -> None:
        """Note what came of an attempt, unless its lease ran out and another attempt was made."""
        changes = {
            "next_at": again or now,
            "finished_at": now if again is None else None,
            "delivered": delivered,
            "last_status": status,
            "last_error": error,
        }
        of_attempt = (col(DeliveryRow.id) == delivery.id, col(DeliveryRow.attempts) == delivery.attempts)
        await self._session.exec(update(DeliveryRow).where(*of_attempt).values(**changes))

    async def of_webhook(self, webhook: int, state: DeliveryState | None, limit: int) -> Sequence[DeliveryRow]:
        """Return the latest deliveries to a webhook, newest first; with `state`, only those."""
        query = select(DeliveryRow).where(col(DeliveryRow.webhook_id) == webhook)
        if state is DeliveryState.WAITING:
            query = query.where(col(DeliveryRow.finished_at).is_(None))
        elif state is not None:
            delivered = col(DeliveryRow.delivered).is_(state is DeliveryState.DELIVERED)
            query = query.where(col(DeliveryRow.finished_at).is_not(None), delivered)
        return (await self._session.exec(query.order_by(col(DeliveryRow.created_at).desc()).limit(limit))).all()

    async def forget(self, webhook: int) -> None:
        """Delete every delivery to a webhook."""
        await self._session.exec(delete(DeliveryRow).where(col(DeliveryRow.webhook_id) == webhook))

    async def expire(self, *, delivered_before: datetime, given_up_before: datetime) -> None:
        """Delete deliveries that were finished before these moments."""
        for delivered, before in ((True, delivered_before), (False, given_up_before)):
            old = (col(DeliveryRow.finished_at) < before, col(DeliveryRow.delivered).is_(delivered))
            await self._session.exec(delete(DeliveryRow).where(*old))
