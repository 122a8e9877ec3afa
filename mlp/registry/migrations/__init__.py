"""The database's schema, and how a database comes to have it.

Alembic is imported only by a process that changes the schema: the registry looks at the version table by itself and
starts without it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import sys
import time
from typing import NoReturn

from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from mlp.errors import Precondition, Unavailable
from mlp.registry.database import REVISION, VERSION_TABLE, Address, engine_for

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0
_STARTING = frozenset({"57P03", "53300"})  # PostgreSQL: cannot connect now, too many connections
_DISK_FULL = "53100"
_NO_ROOM = 3
"""How the process that upgrades ends where there is no room."""
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
"""Every revision that this code knows, oldest first."""
HEAD = REVISIONS[-1]


def prepare_schema(address: Address, patience: float = 0) -> None:
    """Bring the database at `address` to HEAD, from whatever revision it has. Call it before there are threads.

    Any number of processes may do so at once: one changes the schema, the others wait for it. A database that does not
    answer is tried again for `patience` seconds.

    Raises Precondition: `schema_newer`, `schema_upgrade_failed` and `disk_full` (the database is then as it was),
    `database_unusable`; Unavailable when the database does not answer.
    """
    found = asyncio.run(_first_answer(address, patience))
    if found is not None and found not in REVISIONS:
        raise Precondition(f"the database is of a newer mlp (schema {found})", code="schema_newer")
    if found != HEAD:
        _upgrade(address)
        log.info("schema upgraded", extra={"fields": {"from": found, "to": HEAD}})


def check_schema(address: Address) -> None:
    """Return if the database at `address` is of HEAD, and change nothing.

    Raises Precondition: `registry_missing` where there is no registry, `schema_newer`, `schema_older`.
    """
    found = asyncio.run(_revision(address))
    if found is None:
        raise Precondition("there is no registry in this database", code="registry_missing")
    if found not in REVISIONS:
        raise Precondition(f"the database is of a newer mlp (schema {found})", code="schema_newer")
    if found != HEAD:
        raise Precondition(
            f"the database is of an older mlp (schema {found}); use that one, or migrate first", code="schema_older"
        )


async def _first_answer(address: Address, patience: float) -> str | None:
    deadline = time.monotonic() + patience
    while True:
        try:
            return await _revision(address)
        except Unavailable:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(_PAUSE_SECONDS)


async def _revision(address: Address) -> str | None:
    """Return the revision of the database, or None for an empty one."""
    engine = engine_for(address)
    try:
        async with engine.writers.connect() as connection:
            if not await connection.run_sync(lambda plain: inspect(plain).has_table(VERSION_TABLE)):
                return None
            return await connection.scalar(REVISION)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in _STARTING:
            raise Unavailable("the database is starting", code="database_unavailable") from error
        raise Precondition(f"the database cannot be used: {error.orig}", code="database_unusable") from error
    finally:
        await engine.close()


def _upgrade(address: Address) -> None:
    # In a fork, so that this process stays without Alembic and its memory.
    child = os.fork()
    if child == 0:
        _upgrade_and_exit(address)
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) == _NO_ROOM:
        raise Precondition("the database has no room for its schema", code="disk_full")
    if status != 0:
        raise Precondition("the database's schema could not be upgraded", code="schema_upgrade_failed")


def _upgrade_and_exit(address: Address) -> NoReturn:
    status = 1
    try:
        from mlp.registry.migrations.upgrade import upgrade_to_head

        upgrade_to_head(address)
        status = 0
    except DBAPIError as error:
        if _is_about_room(error):
            status = _NO_ROOM
        else:
            sys.excepthook(*sys.exc_info())
    except Exception:  # noqa: BLE001  the edge of a process: it is told, and the exit code says the rest
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def _is_about_room(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return code == sqlite3.SQLITE_FULL or getattr(error.orig, "sqlstate", None) == _DISK_FULL
