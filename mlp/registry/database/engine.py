"""The seam between transactions and the database that runs them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from sqlalchemy import String, column, select, table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mlp.errors import MlpError
from mlp.registry.repository.lookup import Lookup

VERSION_TABLE = "mlp_registry_schema"
REVISION = select(column("version_num", String)).select_from(table(VERSION_TABLE))
"""Asks for the revision of the schema."""
WRITABLE = REVISION.with_for_update(read=True, key_share=True)
"""Asks the same, in a way that PostgreSQL refuses when it is read-only; SQLite refuses its BEGIN IMMEDIATE."""


class Engine(Protocol):
    """Connections to one database."""

    @property
    def readers(self) -> AsyncEngine:
        """Connections whose every statement sees the latest committed state."""

    @property
    def snapshots(self) -> AsyncEngine:
        """Connections for transactions that read, and see one state throughout. Writers are not kept waiting."""

    @property
    def writers(self) -> AsyncEngine:
        """Connections for transactions that are on disk when they have been committed."""

    @property
    def writes_in_with(self) -> bool:
        """Whether a lookup may write, in the WITH before its SELECT; it is a transaction by itself."""

    def turn(self) -> AbstractAsyncContextManager[object]:
        """Wait until a transaction of this process may write."""

    async def find(self, lookup: Lookup, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the row that `lookup` finds, in the latest committed state, by the shortest way there is."""

    def migrating(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Begin a transaction that is alone, among all processes, in changing the schema."""

    async def failed(self, error: BaseException) -> MlpError | None:
        """Return what an error of the database means to a client; None when it is no failure of the database.

        Where it says that connections are of no use any more, they are given up; new ones are made when needed.
        """

    async def close(self) -> None:
        """Close every connection."""
