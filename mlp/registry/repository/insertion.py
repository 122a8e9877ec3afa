"""Inserting where another writer may do the same at the same time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

_INSERTS: Mapping[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


async def insert_if_free(session: AsyncSession, row: SQLModel) -> bool:
    """Insert `row` unless a unique key of it is taken; return whether it was inserted.

    A writer that is about to take the key is waited for. `row` stays outside of the session.
    """
    table = inspect(type(row)).local_table
    values = {name: value for name, value in row.model_dump().items() if name != "id" or value is not None}
    insert = _INSERTS[session.get_bind().dialect.name](table).values(values)
    inserted = await session.exec(insert.on_conflict_do_nothing().returning(table.c.id))
    return inserted.first() is not None
