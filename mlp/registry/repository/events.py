"""The audit log in the database: rows are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from mlp.registry.actor import Actor
from mlp.registry.tables import EventRow


class Events:
    """Rows of the audit log within the transaction of what they tell."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

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
        row = EventRow(
            at=datetime.now(UTC),
            action=action,
            actor=by.name,
            request_id=by.request_id,
            model_name=model,
            version=version,
            details=dict(details or {}),
        )
        self._session.add(row)
