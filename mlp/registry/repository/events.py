"""The audit log in the database: rows are only ever added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlp.api.webhook import Subject
from mlp.registry.actor import Actor
from mlp.registry.tables import EventRow, NoticeRow

_TOLD = frozenset(Subject)
"""What webhooks may want to hear of."""


class Events:
    """Rows of the audit log within the transaction of what they tell."""

    def __init__(self, session: AsyncSession, *, tells: bool) -> None:
        self._session = session
        self._tells = tells

    def record(
        self,
        action: str,
        by: Actor,
        *,
        model: str | None = None,
        version: int | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        """Note that `by` did `action` (`version.created`, `alias.set`), with what a reader of the log wants to know."""
        facts: dict[str, Any] = {
            "at": datetime.now(UTC),
            "action": action,
            "actor": by.name,
            "model_name": model,
            "version": version,
            "details": dict(details or {}),
        }
        self._session.add(EventRow(request_id=by.request_id, **facts))
        if self._tells and action in _TOLD:
            self._session.add(NoticeRow(**facts))

    async def page(
        self, *, model: str | None, action: str | None, since: datetime | None, before: int | None, limit: int
    ) -> Sequence[EventRow]:
        """Return rows from the newest one below the id `before` down; `since` is in UTC."""
        query = select(EventRow)
        if model is not None:
            query = query.where(col(EventRow.model_name) == model)
        if action is not None:
            query = query.where(col(EventRow.action) == action)
        if since is not None:
            query = query.where(col(EventRow.at) >= since)
        if before is not None:
            query = query.where(col(EventRow.id) < before)
        return (await self._session.exec(query.order_by(col(EventRow.id).desc()).limit(limit))).all()
