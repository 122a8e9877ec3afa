"""Transactions, on SQLite or PostgreSQL, and the failures of either in our words."""

from __future__ import annotations

from mlp.registry.database.address import Address
from mlp.registry.database.database import Database
from mlp.registry.database.engine import REVISION, VERSION_TABLE, Engine
from mlp.registry.database.postgresql import PostgresqlEngine
from mlp.registry.database.sqlite import SqliteEngine

__all__ = ["Address", "Database", "Engine", "REVISION", "VERSION_TABLE", "engine_for"]


def engine_for(address: Address) -> Engine:
    """Return the engine that speaks to the database at `address`; it connects when it is first used."""
    return SqliteEngine(address.url) if address.is_sqlite else PostgresqlEngine(address)
