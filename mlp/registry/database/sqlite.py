"""SQLite in WAL mode: one file, one writer at a time."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from mlp.errors import MlpError, Precondition, Unavailable
from mlp.registry.repository.lookup import Lookup

_BUSY_MILLISECONDS = 10_000
_MIGRATION_MILLISECONDS = 600_000  # how long one start waits for the migration of another
_POOL_SECONDS = 2


class SqliteEngine:
    """The database in the file that `url` names.

    Writers of this process queue here, in order, rather than in SQLite, where they would poll.
    """

    writes_in_with = False

    def __init__(self, url: str) -> None:
        self._url = url
        self.writers = _writing_engine(url, "foreign_keys=ON")
        self.readers = _reading_engine(url)
        self.snapshots = _snapshot_engine(url)
        self._turn = asyncio.Lock()

    def turn(self) -> asyncio.Lock:
        """Wait for the writer before."""
        return self._turn

    async def find(self, lookup: Lookup, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the row that `lookup` finds."""
        async with self.readers.connect() as connection:
            found = await connection.execute(lookup.statement, values)
            return cast("Mapping[str, Any] | None", found.mappings().one_or_none())

    @asynccontextmanager
    async def migrating(self) -> AsyncIterator[AsyncConnection]:
        """BEGIN IMMEDIATE is the lock among processes, and its end undoes tables too.

        Foreign keys are off, because a table that is changed by copying it is dropped meanwhile.
        """
        patient = _writing_engine(self._url, "foreign_keys=OFF", f"busy_timeout={_MIGRATION_MILLISECONDS}")
        try:
            async with patient.begin() as connection:
                yield connection
        finally:
            await patient.dispose()

    async def failed(self, error: BaseException) -> MlpError | None:
        """Tell a full disk, a lock that did not come, and the rest."""
        if not isinstance(error, DatabaseError):
            return None
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return Unavailable("the registry's database has no room left", code="insufficient_storage")
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return Unavailable("the registry's database is busy", code="database_busy")
        return Unavailable("the registry's database does not work", code="database_unavailable")

    async def close(self) -> None:
        """Close every connection."""
        for engine in (self.readers, self.snapshots, self.writers):
            await engine.dispose()


def _writing_engine(url: str, *pragmas: str) -> AsyncEngine:
    """Return an engine whose transactions are on disk when they have been committed.

    They say BEGIN IMMEDIATE: waiting for the lock at the start is what makes a read before a write safe.
    """
    engine = create_async_engine(url, connect_args={"isolation_level": None}, pool_timeout=_POOL_SECONDS)

    if engine.url.database is not None:  # SQLite gives its other files the mode of this one
        try:
            os.close(os.open(Path(engine.url.database), os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            words = f"the database {engine.url.database} cannot be opened: {error.strerror}"
            raise Precondition(words, code="data_unusable") from error
    _set_pragmas(engine, "journal_mode=WAL", "synchronous=FULL", *pragmas)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _reading_engine(url: str) -> AsyncEngine:
    """Return an engine that cannot write; each of its statements sees the latest committed state."""
    engine = create_async_engine(
        url,
        connect_args={"isolation_level": None},
        pool_timeout=_POOL_SECONDS,
        pool_reset_on_return=None,
        skip_autocommit_rollback=True,
    )
    _set_pragmas(engine, "query_only=ON")
    return engine


def _snapshot_engine(url: str) -> AsyncEngine:
    """Return an engine whose transactions read: in WAL mode they see what was there at their first statement."""
    engine = create_async_engine(url, connect_args={"isolation_level": None}, pool_timeout=_POOL_SECONDS)
    _set_pragmas(engine, "query_only=ON")

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _set_pragmas(engine: AsyncEngine, *pragmas: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={_BUSY_MILLISECONDS}", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
