"""What Alembic runs to reach the database; it is executed by Alembic, never imported."""

from __future__ import annotations

import asyncio

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

from mlp.registry import tables  # noqa: F401  fills the metadata
from mlp.registry.database import VERSION_TABLE, engine_for


def migrate(connection: Connection) -> None:
    """Run the revisions in the transaction of `connection`."""
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        version_table=VERSION_TABLE,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def main() -> None:
    """Open the database and migrate it."""
    engine = engine_for(context.config.attributes["address"])
    try:
        async with engine.migrating() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.close()


asyncio.run(main())
