"""The database's schema, and how a database comes to have it.

Alembic is imported only by a process that changes the schema: the registry looks at the version table by itself and
starts without it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import NoReturn

from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from mlp.errors import Precondition
from mlp.registry.database import REVISION, VERSION_TABLE, Address, engine_for

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
"""Every revision that this code knows, oldest first."""
HEAD = REVISIONS[-1]


def prepare_schema(address: Address) -> None:
    """Bring the database at `address` to HEAD. Call it before there are threads.

    Raises Precondition: `schema_newer`, `schema_upgrade_failed` (the database is then as it was), `database_unusable`.
    """
    found = asyncio.run(_revision(address))
    if found is not None and found not in REVISIONS:
        raise Precondition(f"the database is of a newer mlp (schema {found})", code="schema_newer")
    if found != HEAD:
        _upgrade(address)


async def _revision(address: Address) -> str | None:
    """Return the revision of the database, or None for an empty one."""
    engine = engine_for(address)
    try:
        async with engine.writers.connect() as connection:
            if not await connection.run_sync(lambda plain: inspect(plain).has_table(VERSION_TABLE)):
                return None
            return await connection.scalar(REVISION)
    except SQLAlchemyError as error:
        raise Precondition("the database cannot be read", code="database_unusable") from error
    finally:
        await engine.close()


def _upgrade(address: Address) -> None:
    # In a fork, so that this process stays without Alembic and its memory.
    child = os.fork()
    if child == 0:
        _upgrade_and_exit(address)
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise Precondition("the database's schema could not be upgraded", code="schema_upgrade_failed")


def _upgrade_and_exit(address: Address) -> NoReturn:
    status = 1
    try:
        from mlp.registry.migrations.upgrade import upgrade_to_head

        upgrade_to_head(address)
        status = 0
    except Exception:  # noqa: BLE001  the edge of a process: it is told, and the exit code says the rest
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)
