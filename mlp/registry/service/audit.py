"""Reading the audit log. It is written where things change."""

from __future__ import annotations

from datetime import UTC, datetime

from mlp.api.event import Event, EventList
from mlp.registry.database import Database
from mlp.registry.tables import EventRow


class AuditLog:
    """What was done, by whom and when."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, *, model: str | None, action: str | None, since: datetime | None, cursor: int | None, limit: int
    ) -> EventList:
        """Return a page of events, newest first; `cursor` is the last id of the page before."""
        moment = None if since is None else since.astimezone(UTC)
        async with self._database.reading() as rows:
            found = await rows.events.page(model=model, action=action, since=moment, before=cursor, limit=limit + 1)
        items = [_document(row) for row in found[:limit]]
        return EventList(items=items, next=str(items[-1].id) if len(found) > limit else None)


def _document(row: EventRow) -> Event:
    return Event(
        id=row.id or 0,
        at=row.at,
        action=row.action,
        actor=row.actor,
        request_id=row.request_id,
        model=row.model_name,
        version=row.version,
        details=row.details,
    )
