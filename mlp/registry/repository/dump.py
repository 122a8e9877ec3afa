"""Whole tables: for a backup, and for reading one back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, text
from sqlmodel.ext.asyncio.session import AsyncSession

_PAGE = 50  # rows in memory at a time; one can have documents of some MiB


class Dump:
    """Tables as they are, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def rows(self, table: Table) -> AsyncIterator[Mapping[str, Any]]:
        """Yield every row in the order of the primary key; memory stays flat."""
        connection = await self._session.connection()
        query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_PAGE)
        async with connection.stream(query) as found:
            async for row in found.mappings():
                yield dict(row)

    async def lock(self, tables: Sequence[Table]) -> None:
        """Keep every other writer away from `tables` until the transaction ends; on SQLite, it is alone anyway."""
        if self._is_postgresql():
            names = ", ".join(table.name for table in tables)
            await self._execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))

    async def count(self, table: Table) -> int:
        """Return how many rows there are."""
        return int((await self._execute(select(func.count()).select_from(table))).scalar_one())

    async def clear(self, table: Table) -> None:
        """Delete every row."""
        await self._execute(delete(table))

    async def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows with the keys that they have."""
        for start in range(0, len(rows), _PAGE):
            await self._execute(insert(table), rows[start : start + _PAGE])

    async def count_on(self, table: Table) -> None:
        """Let the numbers that the database gives by itself go on after the highest one."""
        key = table.autoincrement_column
        if self._is_postgresql() and key is not None:
            highest = select(func.max(key)).scalar_subquery()
            sequence = func.pg_get_serial_sequence(table.name, key.name)
            await self._execute(select(func.setval(sequence, highest)).where(highest.is_not(None)))

    def _is_postgresql(self) -> bool:
        return self._session.get_bind().dialect.name == "postgresql"

    async def _execute(self, statement: Any, values: Any = None) -> Any:
        return await (await self._session.connection()).execute(statement, values)
