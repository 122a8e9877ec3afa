"""Deleting versions and models. Their blobs go by a collection of garbage, when nothing uses them any more."""

from __future__ import annotations

from datetime import UTC, datetime

from mlp.registry.actor import Actor
from mlp.registry.database import Database
from mlp.registry.service.catalog import model_not_found, version_not_found


class Removal:
    """Deletes rows, and only rows: a blob may be shared, and a push may be about to use it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self, name: str, number: int, by: Actor) -> None:
        """Delete a version; its number is never given again. Raises NotFound."""
        async with self._database.writing() as rows:
            row = await rows.versions.get(name, number)
            if row is None:
                raise version_not_found(name, number)
            await rows.versions.delete(row)
            await rows.uploads.forget(name, number)
            rows.events.record("version.deleted", by, model=name, version=number, details={"digest": row.digest})

    async def model(self, name: str, by: Actor) -> None:
        """Delete a model and all its versions; a model made later under that name counts on. Raises NotFound."""
        async with self._database.writing() as rows:
            row = await rows.models.to_change(name)
            if row is None or row.deleted_at is not None:
                raise model_not_found(name)
            row.deleted_at = datetime.now(UTC)
            await rows.versions.delete_all(row)
            await rows.uploads.forget(name)
            rows.events.record("model.deleted", by, model=name)
