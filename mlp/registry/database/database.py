"""The way to the database: reading, and one writing transaction around what belongs together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from mlp.errors import Conflict, Unavailable
from mlp.registry.database.engine import WRITABLE, Engine
from mlp.registry.repository import Repository
from mlp.registry.repository.lookup import Lookup

_CHECK_SECONDS = 2.0


class Database:
    """Transactions on the database behind `engine`.

    Every failure of the database leaves as Unavailable: `insufficient_storage`, `database_busy` or
    `database_unavailable`. Two writers that met where nothing was locked leave as Conflict. With `tells`, webhooks are
    told of what is written.
    """

    def __init__(self, engine: Engine, *, tells: bool = False) -> None:
        self._engine = engine
        self._tells = tells

    @property
    def writes_in_with(self) -> bool:
        """Whether a lookup may write, in the WITH before its SELECT; it is a transaction by itself.

        Not where webhooks are told: what they hear of is written beside the audit log, the long way.
        """
        return self._engine.writes_in_with and not self._tells

    async def find(self, lookup: Lookup, **values: Any) -> Mapping[str, Any] | None:
        """Return the one row that `lookup` finds, or None: the quick way to what is asked most."""
        async with self._failing():
            return await self._engine.find(lookup, values)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Repository]:
        """Yield a repository that reads; each of its statements sees the latest committed state."""
        async with self._session(self._engine.readers) as session:
            yield Repository(session)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Repository]:
        """Yield a repository that writes; what it did is on disk on a clean exit, and undone otherwise.

        Other writers run meanwhile, here or in another process: lock the row on which a decision rests
        (`to_change`), or insert so that the loser of a race finds the winner's row.
        """
        async with self._engine.turn(), self._session(self._engine.writers) as session, session.begin():
            yield Repository(session, tells=self._tells)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Repository]:
        """Yield a repository that reads; all its statements see the one state that was there when it began."""
        async with self._session(self._engine.snapshots) as session, session.begin():
            yield Repository(session)

    async def check(self) -> None:
        """Return if the database can be written to now, and says so soon."""
        try:
            async with (
                asyncio.timeout(_CHECK_SECONDS),
                self._engine.turn(),
                self._session(self._engine.writers) as session,
                session.begin(),
            ):
                await (await session.connection()).execute(WRITABLE)
        except TimeoutError as error:
            raise Unavailable("the registry's database does not answer", code="database_unavailable") from error

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.close()

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        async with self._failing(), AsyncSession(engine, expire_on_commit=False) as session:
            try:
                yield session
            except TimeoutError:
                await session.invalidate()  # nobody answers there: not even a ROLLBACK would be
                raise

    @asynccontextmanager
    async def _failing(self) -> AsyncIterator[None]:
        """Say in our words what fails within."""
        try:
            yield
        except PoolTimeoutError as error:
            raise Unavailable("too many requests wait for the database", code="database_busy") from error
        except IntegrityError as error:
            raise Conflict("another writer came first; try again") from error
        except Exception as error:
            failure = await self._engine.failed(error)
            if failure is None:
                raise
            raise failure from error
