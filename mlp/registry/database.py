"""The way to the database: one reading or one writing transaction at a time, and its failures in our words."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, String, column, event, select, table
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from mlp.errors import MlpError, Unavailable
from mlp.registry.repository import Repository

_BUSY_MILLISECONDS = 10_000
_POOL_SECONDS = 10
_WRITES = "mlp_writes"
VERSION_TABLE = "mlp_registry_schema"
REVISION = select(column("version_num", String)).select_from(table(VERSION_TABLE))
"""Asks for the revision of the schema."""


def engine_for(url: str) -> AsyncEngine:
    """Return an engine on SQLite in WAL mode, whose transactions begin when and how we say.

    A writer says BEGIN IMMEDIATE: waiting for the lock at the start is what makes a read before a write safe.
    """
    engine = create_async_engine(url, connect_args={"isolation_level": None}, pool_timeout=_POOL_SECONDS)
    _create_privately(engine)

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MILLISECONDS}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def writing_engine(engine: AsyncEngine) -> AsyncEngine:
    """Return a view of `engine` whose transactions take the writer's lock at their beginning."""
    return engine.execution_options(**{_WRITES: True})


def _create_privately(engine: AsyncEngine) -> None:
    """Make the database file readable by its owner alone; SQLite gives its other files the same mode."""
    if engine.url.database is not None:
        os.close(os.open(Path(engine.url.database), os.O_RDWR | os.O_CREAT, 0o600))


class Database:
    """Transactions on the database at `url`.

    Writers of this process queue here, in order, rather than in SQLite, where they would poll. Every failure of the
    database leaves as Unavailable: `insufficient_storage`, `database_busy` or `database_unavailable`.
    """

    def __init__(self, url: str) -> None:
        self._readers = engine_for(url)
        self._writers = writing_engine(self._readers)
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Repository]:
        """Yield a repository that sees one state of the database."""
        with _translated():
            async with AsyncSession(self._readers) as session:
                yield Repository(session)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Repository]:
        """Yield a repository alone among writers; what it did is on disk on a clean exit, and undone otherwise."""
        with _translated():
            async with self._writer, AsyncSession(self._writers, expire_on_commit=False) as session, session.begin():
                yield Repository(session)

    async def check(self) -> None:
        """Return if the database can be written to now."""
        with _translated():
            async with self._writer, self._writers.begin() as connection:
                await connection.execute(REVISION)

    async def close(self) -> None:
        """Close every connection."""
        await self._readers.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise Unavailable("too many requests wait for the database", code="database_busy") from error
    except IntegrityError:
        raise
    except DatabaseError as error:
        raise _failure(error.orig) from error


def _failure(error: BaseException | None) -> MlpError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return Unavailable("the registry's database has no room left", code="insufficient_storage")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Unavailable("the registry's database is busy", code="database_busy")
    return Unavailable("the registry's database does not work", code="database_unavailable")
