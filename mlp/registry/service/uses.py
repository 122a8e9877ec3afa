"""Who needs which version now."""

from __future__ import annotations

from datetime import UTC, datetime

from mlp.api.use import USE_LASTS, Use, UseList
from mlp.registry.actor import Actor
from mlp.registry.database import Database
from mlp.registry.service.catalog import model_not_found, version_not_found
from mlp.registry.tables import UseRow


class Uses:
    """Uses are kept alive by those who hold them, and end by themselves."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, name: str, number: int, holder: str, by: Actor) -> tuple[Use, bool]:
        """Begin a use or let it go on; return it, and whether it began. Only a beginning is told in the audit log.

        Raises NotFound (`model_not_found`, `version_not_found`).
        """
        now = datetime.now(UTC)
        until = now + USE_LASTS
        async with self._database.writing() as rows:
            row = await rows.uses.renew(name, number, holder, now, until)
            if row is not None:
                return _document(row), False
            model = await rows.models.to_change(name)
            if model is None or model.deleted_at is not None:
                raise model_not_found(name)
            if await rows.versions.get(name, number) is None:
                raise version_not_found(name, number)
            row = await rows.uses.begin(model, number, holder, now, until)
            rows.events.record("use.began", by, model=name, version=number, details={"holder": holder})
            return _document(row), True

    async def end(self, name: str, number: int, holder: str, by: Actor) -> None:
        """End a use, if there is one."""
        async with self._database.writing() as rows:
            if await rows.uses.end(name, number, holder):
                rows.events.record("use.ended", by, model=name, version=number, details={"holder": holder})

    async def of_version(self, name: str, number: int, *, cursor: str | None, limit: int) -> UseList:
        """Return a page of the uses of a version, by holder; `cursor` is the last holder of the page before.

        Raises NotFound (`model_not_found`, `version_not_found`).
        """
        async with self._database.reading() as rows:
            found = await rows.uses.of_version(name, number, datetime.now(UTC), after=cursor, limit=limit + 1)
            if not found and await rows.versions.get(name, number) is None:
                if await rows.models.get(name) is None:
                    raise model_not_found(name)
                raise version_not_found(name, number)
        items = [_document(row) for row in found[:limit]]
        return UseList(items=items, next=items[-1].holder if len(found) > limit else None)

    async def expire(self) -> None:
        """Forget uses that have expired."""
        async with self._database.writing() as rows:
            await rows.uses.expire(datetime.now(UTC))


def _document(row: UseRow) -> Use:
    return Use(holder=row.holder, since=row.since, expires_at=row.expires_at)
