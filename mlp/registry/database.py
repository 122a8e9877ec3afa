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
VERSION_TABLE = "mlp_registry_schema"
REVISION = select(column("version_num", String)).select_from(table(VERSION_TABLE))
"""Asks for the revision of the schema."""


def writing_engine(url: str) -> AsyncEngine:
    """Return an engine on SQLite in WAL mode whose transactions are on disk when they have been committed.

    They say BEGIN IMMEDIATE: waiting for the lock at the start is what makes a read before a write safe.
    """
    engine = create_async_engine(url, connect_args={"isolation_level": None}, pool_timeout=_POOL_SECONDS)
    if engine.url.database is not None:  # SQLite gives its other files the mode of this one
        os.close(os.open(Path(engine.url.database), os.O_RDWR | os.O_CREAT, 0o600))
    _set_pragmas(engine, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def reading_engine(url: str) -> AsyncEngine:
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


def _set_pragmas(engine: AsyncEngine, *pragmas: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={_BUSY_MILLISECONDS}", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


class Database:
    """Transactions on the database at `url`.

    Writers of this process queue here, in order, rather than in SQLite, where they would poll. Every failure of the
    database leaves as Unavailable: `insufficient_storage`, `database_busy` or `database_unavailable`.
    """

    def __init__(self, url: str) -> None:
        self._writers = writing_engine(url)
        self._readers = reading_engine(url)
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Repository]:
        """Yield a repository that reads."""
        with _translated():
            async with AsyncSession(self._readers) as session:
                yield Repository(session)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Repository]:
        """Yield a repository alone among writers; what it did is on disk on a clean exit, and undone otherwise."""
        with _translated():
            async with self._turn, AsyncSession(self._writers, expire_on_commit=False) as session, session.begin():
                yield Repository(session)

    async def check(self) -> None:
        """Return if the database can be written to now."""
        with _translated():
            async with self._turn, self._writers.begin() as connection:
                await connection.execute(REVISION)

    async def close(self) -> None:
        """Close every connection."""
        await self._readers.dispose()
        await self._writers.dispose()


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
