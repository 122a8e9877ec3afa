"""PostgreSQL through asyncpg."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import greenlet_spawn

from mlp.errors import MlpError, Precondition, Unavailable
from mlp.registry.database.address import POSTGRESQL, Address
from mlp.registry.repository.lookup import Lookup

log = logging.getLogger(__name__)

_POOL_SECONDS = 1.5  # how long a request waits for a connection before it is told to come back
_CONNECT_SECONDS = 3.0
_STATEMENT_SECONDS = 5.0  # beyond that the network counts as gone
_MIGRATION_LOCK = 7_361_925_048_417_236  # any number, as long as every release of mlp takes the same
_SESSION = {
    "application_name": "mlp-registry",
    "jit": "off",  # compiling costs more than any statement here takes
    "lock_timeout": "4s",
    "idle_in_transaction_session_timeout": "60s",
}
_USELESS = frozenset({"25006", "57P01", "57P02", "57P03"})  # read-only; the server ends, has crashed, or starts
_NO_ROOM = frozenset({"53100"})
_BUSY = frozenset({"40001", "40P01", "53300", "55P03", "57014"})


class PostgresqlEngine:
    """The database at `address`, in two pools: readers commit each statement by itself and save two round trips."""

    writes_in_with = True

    def __init__(self, address: Address) -> None:
        self._address = address
        half = max(1, address.connections // 2)
        self.writers = self._pool(half)
        self.readers = self._pool(half, isolation_level="AUTOCOMMIT", pool_reset_on_return=None)
        self.snapshots = self.writers.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def turn(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Writers wait for rows, in the database, and not for each other."""
        return contextlib.nullcontext()

    async def find(self, lookup: Lookup, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Ask asyncpg itself, on a connection of the readers' pool: that is several times as quick as SQLAlchemy."""
        words, given = _spoken(lookup)
        lent = await greenlet_spawn(self.readers.sync_engine.pool.connect)
        plain: Any = lent.driver_connection
        try:
            found: Mapping[str, Any] | None = await plain.fetchrow(
                words, *(values.get(name, value) for name, value in given)
            )
        except BaseException as error:
            lost = plain.is_closed()
            lent.invalidate()
            if isinstance(error, asyncpg.IntegrityConstraintViolationError):
                raise IntegrityError(words, None, error) from error
            if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError | ConnectionError):
                raise OperationalError(words, None, error, connection_invalidated=lost) from error
            raise
        lent.close()
        return found

    @asynccontextmanager
    async def migrating(self) -> AsyncIterator[AsyncConnection]:
        """An advisory lock that the end of the transaction, or of the process, gives back."""
        patient = self._pool(1, statement_seconds=None)
        try:
            async with patient.begin() as connection:
                await connection.execute(text("SET LOCAL lock_timeout = 0"))
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
                yield connection
        finally:
            await patient.dispose()

    async def failed(self, error: BaseException) -> MlpError | None:
        """Tell a full disk, what passes by itself, and the rest.

        A server that ends, a primary that became a standby and a silent network make every open connection useless:
        the same address may lead to another host by now.
        """
        if isinstance(error, TimeoutError):
            await self._drop()
            return Unavailable("the registry's database does not answer", code="database_unavailable")
        if not isinstance(error, DBAPIError):
            return None
        state = getattr(error.orig, "sqlstate", None)
        log.warning("the database failed: %s", error.orig, extra={"fields": {"sqlstate": state}})
        if error.connection_invalidated or state in _USELESS:
            await self._drop()
        if state in _NO_ROOM:
            return Unavailable("the registry's database has no room left", code="insufficient_storage")
        if state in _BUSY:
            return Unavailable("the registry's database is busy", code="database_busy")
        return Unavailable("the registry's database does not work", code="database_unavailable")

    async def close(self) -> None:
        """Close every connection."""
        await self._drop()

    async def _drop(self) -> None:
        """Forget the connections that are idle; those in use are not given out again."""
        await self.readers.dispose()
        await self.writers.dispose()

    def _pool(self, size: int, *, statement_seconds: float | None = _STATEMENT_SECONDS, **options: Any) -> AsyncEngine:
        async def connect() -> asyncpg.Connection:
            try:
                return await asyncpg.connect(
                    self._address.dsn,
                    password=self._address.password(),
                    timeout=_CONNECT_SECONDS,
                    command_timeout=statement_seconds,
                    server_settings=_SESSION,
                )
            except OSError as error:
                log.warning("the database cannot be reached: %s", error.strerror or str(error) or "no answer")
                raise Unavailable("the registry's database does not answer", code="database_unavailable") from error
            except (ValueError, OverflowError):
                # The text of that error holds parts of the URL, and so perhaps the password.
                raise Precondition("DATABASE_URL is not one of PostgreSQL", code="database_unusable") from None

        engine = create_async_engine(
            POSTGRESQL, async_creator=connect, pool_size=size, max_overflow=0, pool_timeout=_POOL_SECONDS, **options
        )
        event.listen(engine.sync_engine, "checkout", _refuse_closed)
        return engine


@cache
def _spoken(lookup: Lookup) -> tuple[str, Sequence[tuple[str, Any]]]:
    """Return a lookup in PostgreSQL's words, and the name and default of each of its values $1, $2 …"""
    dialect: Any = PGDialect_asyncpg
    compiled = lookup.statement.compile(dialect=dialect(), compile_kwargs={"render_postcompile": True})
    return str(compiled), [(name, compiled.params[name]) for name in compiled.positiontup or ()]


def _refuse_closed(connection: Any, *_: object) -> None:
    """Have the pool make another connection when the server has closed this one: known without asking it."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError
