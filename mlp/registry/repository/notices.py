"""The outbox in the database: what happened and has not been passed on yet."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlp.api.webhook import Notification
from mlp.registry.tables import DeliveryRow, NoticeRow, WebhookRow


class FannedOut(NamedTuple):
    """How many notices were passed on, and how many deliveries did not come of them."""

    notices: int
    dropped: int


class Notices:
    """Rows of the outbox; `Events.record` adds them, in the transaction of what they tell."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def fan_out(self, now: datetime, *, limit: int, most_waiting: int) -> FannedOut:
        """Turn at most `limit` notices into deliveries; those that another replica has in hand are left to it.

        A webhook for which `most_waiting` deliveries wait gets no more of them.
        """
        query = select(NoticeRow).order_by(col(NoticeRow.id)).limit(limit).with_for_update(skip_locked=True)
        notices = (await self._session.exec(query)).all()
        if not notices:
            return FannedOut(0, 0)
        webhooks = (await self._session.exec(select(WebhookRow))).all()
        waiting, dropped = await self._waiting(), 0
        for notice in notices:
            for webhook in webhooks:
                if notice.action not in webhook.events:
                    continue
                if waiting[webhook.id] >= most_waiting:
                    dropped += 1
                    continue
                waiting[webhook.id] += 1
                self._session.add(_delivery(notice, webhook, now))
            await self._session.delete(notice)
        return FannedOut(len(notices), dropped)

    async def _waiting(self) -> Counter[int | None]:
        unfinished = col(DeliveryRow.finished_at).is_(None)
        query = select(DeliveryRow.webhook_id, func.count()).where(unfinished).group_by(col(DeliveryRow.webhook_id))
        return Counter(dict((await self._session.exec(query)).all()))

    async def expire(self, before: datetime) -> None:
        """Delete what happened before that moment, untold."""
        await self._session.exec(delete(NoticeRow).where(col(NoticeRow.at) < before))


def _delivery(notice: NoticeRow, webhook: WebhookRow, now: datetime) -> DeliveryRow:
    data = {"model": notice.model_name, "version": notice.version, "by": notice.actor, "details": notice.details}
    body = Notification(type=notice.action, timestamp=notice.at, data=data).model_dump_json()
    return DeliveryRow(
        id=uuid.uuid4().hex,
        webhook_id=webhook.id,
        action=notice.action,
        body=body,
        created_at=now,
        next_at=now,
    )
