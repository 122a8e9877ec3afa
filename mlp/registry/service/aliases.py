"""Pointing aliases to versions, and telling where they pointed."""

from __future__ import annotations

from mlp.api.alias import (
    LATEST,
    MAX_ALIASES,
    Alias,
    AliasChange,
    AliasHistory,
    AliasList,
    AliasRequest,
    check_settable,
)
from mlp.errors import Conflict, Invalid, NotFound
from mlp.registry.actor import Actor
from mlp.registry.database import Database
from mlp.registry.period import Period
from mlp.registry.repository import Repository
from mlp.registry.service.archiving import check_offered
from mlp.registry.service.catalog import model_not_found, version_not_found
from mlp.registry.tables import AliasChangeRow, AliasRow, ModelRow


class Aliases:
    """Each change of a model's aliases happens under the lock of that model: of two writers one comes first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set(self, name: str, alias: str, request: AliasRequest, by: Actor) -> tuple[Alias, bool]:
        """Point an alias to a version; return it, and whether it is new.

        An alias that points there already stays as it is, without an entry in its history. Raises NotFound
        (`model_not_found`, `version_not_found`), Conflict (`stale`, `archived`), Invalid (`reserved_alias`,
        `too_many_aliases`).
        """
        check_settable(alias)
        async with self._database.writing() as rows:
            model = await _model(rows, name)
            row = await rows.aliases.get(name, alias)
            if request.is_conditional:
                _check_expected(name, alias, row, request.expected)
            if row is not None and row.number == request.version:
                return _document(name, row), False
            version = await rows.versions.get(name, request.version)
            if version is None:
                raise version_not_found(name, request.version)
            check_offered(model, name)
            check_offered(version, name)
            if row is None and len(await rows.aliases.of_model(model)) >= MAX_ALIASES:
                raise Invalid(f"a model has at most {MAX_ALIASES} aliases", code="too_many_aliases")
            details = {"alias": alias, "from": None if row is None else row.number}
            pointed = await rows.aliases.point(model, row, alias, request.version, by)
            rows.events.record("alias.set", by, model=name, version=request.version, details=details)
            return _document(name, pointed), row is None

    async def remove(self, name: str, alias: str, expected: int | None, by: Actor) -> None:
        """Remove an alias, if it points to `expected` where that is given.

        Raises NotFound (`model_not_found`, `alias_not_found`), Conflict (`stale`), Invalid (`reserved_alias`).
        """
        check_settable(alias)
        async with self._database.writing() as rows:
            model = await _model(rows, name)
            row = await rows.aliases.get(name, alias)
            if expected is not None:
                _check_expected(name, alias, row, expected)
            if row is None:
                raise alias_not_found(name, alias)
            await rows.aliases.remove(model, row, by)
            rows.events.record("alias.removed", by, model=name, version=row.number, details={"alias": alias})

    async def get(self, name: str, alias: str) -> Alias:
        """Return an alias; `latest` is the highest version. Raises NotFound (`model_not_found`, `alias_not_found`)."""
        async with self._database.reading() as rows:
            row = await rows.aliases.get(name, alias)
            if row is not None:
                return _document(name, row)
            found = await rows.models.get(name)
            if found is None:
                raise model_not_found(name)
            number = found.latest_version if alias == LATEST else None
            latest = None if number is None else await rows.versions.get(name, number)
        if latest is None:
            raise alias_not_found(name, alias)
        return Alias(
            model=name, name=alias, version=latest.number, updated_at=latest.created_at, updated_by=latest.created_by
        )

    async def all(self, name: str) -> AliasList:
        """Return the aliases of a model, by name. Raises NotFound (`model_not_found`)."""
        async with self._database.reading() as rows:
            found = await rows.models.get(name)
            if found is None:
                raise model_not_found(name)
            return AliasList(items=[_document(name, row) for row in await rows.aliases.of_model(found.row)])

    async def history(
        self, name: str, alias: str, *, during: Period | None, cursor: int | None, limit: int
    ) -> AliasHistory:
        """Return a page of an alias's history, newest first; `cursor` is the last number of the page before.

        With `during`, only the entries that held in that period. An alias that was removed keeps its history. Raises
        NotFound (`model_not_found`, `alias_not_found`), Invalid (`reserved_alias`).
        """
        check_settable(alias)
        async with self._database.reading() as rows:
            found = await rows.models.get(name)
            if found is None:
                raise model_not_found(name)
            model = found.row
            entries = await rows.aliases.history(model, alias, during=during, before=cursor, limit=limit + 1)
            if not entries and not await rows.aliases.history(model, alias, during=None, before=None, limit=1):
                raise alias_not_found(name, alias)
        items = [_change(row) for row in entries[:limit]]
        return AliasHistory(items=items, next=str(items[-1].number) if len(entries) > limit else None)


def alias_not_found(name: str, alias: str) -> NotFound:
    """Return the error for an alias that does not exist."""
    return NotFound(f"model {name!r} has no alias {alias!r}", code="alias_not_found", details={"name": name})


async def _model(rows: Repository, name: str) -> ModelRow:
    row = await rows.models.to_change(name)
    if row is None or row.deleted_at is not None:
        raise model_not_found(name)
    return row


def _check_expected(name: str, alias: str, row: AliasRow | None, expected: int | None) -> None:
    current = None if row is None else row.number
    if current != expected:
        is_, was = (_words(number) for number in (current, expected))
        raise Conflict(
            f"{name}@{alias} {is_}, not {was.removeprefix('is ')} as expected: somebody changed it first",
            code="stale",
            details={"name": name, "alias": alias, "current": current, "expected": expected},
        )


def _words(number: int | None) -> str:
    return "does not exist" if number is None else f"is version {number}"


def _document(name: str, row: AliasRow) -> Alias:
    return Alias(model=name, name=row.name, version=row.number, updated_at=row.updated_at, updated_by=row.updated_by)


def _change(row: AliasChangeRow) -> AliasChange:
    return AliasChange(
        number=row.number, at=row.at, by=row.by, from_version=row.from_version, to_version=row.to_version
    )
