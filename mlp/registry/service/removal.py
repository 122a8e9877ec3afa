"""Deleting versions and models. Their blobs go by a collection of garbage, when nothing uses them any more."""

from __future__ import annotations

from datetime import UTC, datetime

from mlp.errors import Conflict
from mlp.registry.actor import Actor
from mlp.registry.database import Database
from mlp.registry.repository import Repository
from mlp.registry.service.catalog import model_not_found, version_not_found


class Removal:
    """Deletes rows, and only rows: a blob may be shared, and a push may be about to use it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self, name: str, number: int, by: Actor) -> None:
        """Delete a version; its number is never given again. Raises NotFound, and Conflict (`in_use`)."""
        async with self._database.writing() as rows:
            # With the model locked, nobody points to the version or begins to use it meanwhile.
            model = await rows.models.to_change(name)
            row = await rows.versions.get(name, number)
            if model is None or row is None:
                raise version_not_found(name, number)
            await _check_not_needed(rows, name, number)
            await rows.uses.forget(model, number)
            await rows.versions.delete(row)
            await rows.uploads.forget(name, number)
            rows.events.record("version.deleted", by, model=name, version=number, details={"digest": row.digest})

    async def model(self, name: str, by: Actor) -> None:
        """Delete a model and all its versions; a model made later under that name counts on.

        Raises NotFound, and Conflict (`in_use`).
        """
        async with self._database.writing() as rows:
            row = await rows.models.to_change(name)
            if row is None or row.deleted_at is not None:
                raise model_not_found(name)
            await _check_not_needed(rows, name)
            row.deleted_at = datetime.now(UTC)
            await rows.uses.forget(row)
            await rows.versions.delete_all(row)
            await rows.uploads.forget(name)
            rows.events.record("model.deleted", by, model=name)


async def _check_not_needed(rows: Repository, name: str, number: int | None = None) -> None:
    """Raise Conflict (`in_use`) if an alias or a holder needs a version of a model."""
    aliases = await rows.aliases.of_version(name, number)
    holders = [row.holder for row in await rows.uses.of_version(name, number, datetime.now(UTC), limit=10)]
    if not aliases and not holders:
        return
    what = name if number is None else f"{name}:{number}"
    reasons = [f"{name}@{alias} points to it" for alias in aliases[:10]] + [f"{holder} uses it" for holder in holders]
    raise Conflict(
        f"{what} is needed: {'; '.join(reasons)}",
        code="in_use",
        details={"name": name, "aliases": aliases[:10], "holders": holders},
    )
