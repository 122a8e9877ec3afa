"""The database's schema: what migrations make is what the code expects."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from mlp.registry import tables
from mlp.registry.database import VERSION_TABLE, Address, engine_for
from mlp.registry.migrations import HEAD, REVISIONS
from mlp.registry.migrations.upgrade import config_for, upgrade_to_head


def test_the_revisions_that_the_code_names_are_those_in_the_folder() -> None:
    folder = ScriptDirectory.from_config(config_for(Address("sqlite+aiosqlite:///unused")))
    assert folder.get_heads() == [HEAD]
    assert [script.revision for script in folder.walk_revisions()] == list(reversed(REVISIONS))


def test_migrations_make_the_tables_of_the_code(tmp_path: Path) -> None:
    address = Address(f"sqlite+aiosqlite:///{tmp_path / 'registry.db'}")
    upgrade_to_head(address)

    def differences(connection: Any) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        return list(compare_metadata(context, SQLModel.metadata))

    async def compare() -> list[Any]:
        engine = engine_for(address)
        async with engine.writers.connect() as connection:
            found = await connection.run_sync(differences)
        await engine.close()
        return found

    assert tables.ModelRow.__tablename__ == "models"
    assert asyncio.run(compare()) == []
