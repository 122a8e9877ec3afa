"""Finding models and versions, and changing the words about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from mlp.api.model import (
    MAX_METRICS,
    MAX_TAGS,
    Model,
    ModelList,
    ModelPatch,
    ModelRequest,
    ModelVersion,
    VersionList,
    VersionPatch,
)
from mlp.errors import Conflict, Invalid, NotFound
from mlp.registry.actor import Actor
from mlp.registry.condition import Condition
from mlp.registry.database import Database
from mlp.registry.repository import Repository
from mlp.registry.repository.lookup import VERSION
from mlp.registry.service.archiving import set_archived
from mlp.registry.service.documents import (
    found_document,
    model_document,
    version_document,
    version_json,
    version_summary,
)
from mlp.registry.tables import ModelRow, VersionRow

Value = TypeVar("Value", str, float)


class Catalog:
    """Models and their versions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, request: ModelRequest, by: Actor) -> Model:
        """Create a model without versions. Raises Conflict (`model_exists`)."""
        async with self._database.writing() as rows:
            added = await rows.models.add(new_model(request.name))
            row = await model_to_change(rows, request.name)
            if row.deleted_at is not None:
                revive(row)
            elif not added:
                raise Conflict(f"model {request.name!r} exists already", code="model_exists")
            row.description, row.tags = request.description, request.tags
            rows.events.record("model.created", by, model=request.name)
            return model_document(row, None, {})

    async def model(self, name: str) -> Model:
        """Return a model. Raises NotFound (`model_not_found`)."""
        async with self._database.reading() as rows:
            found = await rows.models.get(name)
        if found is None:
            raise model_not_found(name)
        return found_document(found)

    async def models(
        self, *, search: str | None, tags: Sequence[str], archived: bool, cursor: str | None, limit: int
    ) -> ModelList:
        """Return a page of models by name, with `archived` those too; each of `tags` is `key` or `key=value`.

        `cursor` is the last name of the page before.
        """
        wanted = [(key, value if equals else None) for key, equals, value in (tag.partition("=") for tag in tags)]
        async with self._database.reading() as rows:
            found = await rows.models.page(search=search, tags=wanted, archived=archived, after=cursor, limit=limit + 1)
        items = [found_document(each) for each in found[:limit]]
        return ModelList(items=items, next=items[-1].name if len(found) > limit else None)

    async def change_model(self, name: str, patch: ModelPatch, by: Actor) -> Model:
        """Change the words about a model, archive it or bring it back.

        Raises NotFound, Invalid (`too_many_tags`), or Conflict (`in_use`) when an alias keeps it from being archived.
        """
        async with self._database.writing() as rows:
            row = await rows.models.to_change(name)
            if row is None or row.deleted_at is not None:
                raise model_not_found(name)
            _change_words(row, patch)
            row.updated_at = datetime.now(UTC)
            await set_archived(rows, row, name, patch.archived, by)
            if changes := _changes(patch):
                rows.events.record("model.changed", by, model=name, details=changes)
            changed = await rows.models.get(name)
            if changed is None:
                raise model_not_found(name)
            return found_document(changed)

    async def version_json(self, name: str, number: int) -> bytes:
        """Return the document of a version as it travels, whole, without making objects of it.

        Raises NotFound (`model_not_found`, `version_not_found`).
        """
        found = await self._database.find(VERSION, name=name, number=number)
        if found is None:
            raise await self._missing(name, number)
        return version_json(found)

    async def version(self, name: str, number: int) -> ModelVersion:
        """Return a version. Raises NotFound (`model_not_found`, `version_not_found`)."""
        async with self._database.reading() as rows:
            found = await rows.versions.with_aliases(name, number)
        if found is None:
            raise await self._missing(name, number)
        return version_document(name, *found)

    async def versions(
        self, name: str, *, condition: Condition | None, archived: bool, cursor: int | None, limit: int
    ) -> VersionList:
        """Return a page of the versions that meet `condition`, newest first, with `archived` those too.

        `cursor` is the last number of the page before. What is pushed meanwhile is newer than every cursor: it makes no
        later page repeat or skip a version.
        """
        async with self._database.reading() as rows:
            if await rows.models.get(name) is None:
                raise model_not_found(name)
            found = await rows.versions.page(name, condition, archived=archived, before=cursor, limit=limit + 1)
        items = [version_summary(name, *each) for each in found[:limit]]
        return VersionList(items=items, next=str(items[-1].version) if len(found) > limit else None)

    async def change_version(self, name: str, number: int, patch: VersionPatch, by: Actor) -> ModelVersion:
        """Change the words about a version, archive it or bring it back.

        Raises NotFound, Invalid (`too_many_tags`, `too_many_metrics`), or Conflict (`in_use`) when an alias keeps it
        from being archived.
        """
        async with self._database.writing() as rows:
            if patch.archived is not None:
                await rows.models.to_change(name)  # aliases are set under this lock
            row = await rows.versions.to_change(name, number)
            if row is None:
                raise version_not_found(name, number)
            _change_words(row, patch)
            row.metrics = _merged(row.metrics, patch.metrics, MAX_METRICS, "metrics")
            await set_archived(rows, row, name, patch.archived, by)
            if changes := _changes(patch):
                rows.events.record("version.changed", by, model=name, version=number, details=changes)
            return version_document(name, row, await rows.aliases.of_version(name, number))

    async def _missing(self, name: str, number: int) -> NotFound:
        async with self._database.reading() as rows:
            return version_not_found(name, number) if await rows.models.get(name) else model_not_found(name)


async def model_to_change(rows: Repository, name: str) -> ModelRow:
    """Return the row of that name, deleted or not, locked against other writers; it is made where there is none."""
    row = await rows.models.to_change(name)
    if row is None:
        await rows.models.add(new_model(name))
        row = await rows.models.to_change(name)
    if row is None:
        raise RuntimeError(f"model {name!r} was inserted and is not there")
    return row


def new_model(name: str) -> ModelRow:
    """Return the row of a model that has no versions yet."""
    now = datetime.now(UTC)
    return ModelRow(name=name, description="", created_at=now, updated_at=now)


def revive(row: ModelRow) -> None:
    """Make a deleted model a new one; its numbers go on from where they were."""
    now = datetime.now(UTC)
    row.deleted_at, row.archived_at, row.created_at, row.updated_at = None, None, now, now
    row.description, row.tags = "", {}


def model_not_found(name: str) -> NotFound:
    """Return the error for a model that does not exist."""
    return NotFound(f"there is no model {name!r}", code="model_not_found")


def version_not_found(name: str, number: int) -> NotFound:
    """Return the error for a version that does not exist."""
    return NotFound(f"model {name!r} has no version {number}", code="version_not_found", details={"name": name})


def _changes(patch: ModelPatch) -> dict[str, object]:
    return patch.model_dump(mode="json", exclude_defaults=True, exclude={"archived"})


def _change_words(row: ModelRow | VersionRow, patch: ModelPatch) -> None:
    if patch.description is not None:
        row.description = patch.description
    row.tags = _merged(row.tags, patch.tags, MAX_TAGS, "tags")


def _merged(before: Mapping[str, Value], changes: Mapping[str, Value | None], most: int, what: str) -> dict[str, Value]:
    merged = {**before, **changes}
    kept = {key: value for key, value in merged.items() if value is not None}
    if len(kept) > most:
        raise Invalid(f"a model or version has at most {most} {what}", code=f"too_many_{what}")
    return kept
