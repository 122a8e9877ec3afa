"""What a registry keeps: its rows and its files, to be compared before and after something that must leave nothing."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from typing import Any

import asyncpg
from registry_process import Registry

ANNOUNCED = ("uploads", "blobs")
"""The tables that an announcement writes to before there is a version; what stays there is in no list."""
CATALOG = (
    "SELECT * FROM models",
    "SELECT * FROM versions",
    "SELECT * FROM aliases",
    "SELECT * FROM alias_changes",
    "SELECT * FROM uses",
    "SELECT name, sha256 FROM tokens",
    "SELECT * FROM webhooks",
    "SELECT * FROM events",
)


def remains_of(registry: Registry, *, announced: bool = True) -> dict[str, list[str]]:
    """Every row and every file, in an order of their own; without what announcements left, where that may differ."""
    queries = (*CATALOG, *(f"SELECT * FROM {table}" for table in ANNOUNCED if announced))
    rows = {query: sorted(map(repr, found)) for query, found in zip(queries, rows_of(registry, *queries), strict=True)}
    return rows | {"blobs": files_in(registry, "blobs"), "incoming": files_in(registry, "incoming")}


def files_in(registry: Registry, folder: str) -> list[str]:
    found = (registry.data / folder).rglob("*")
    return sorted(f"{path.name} {path.stat().st_size}" for path in found if path.is_file())


def rows_of(registry: Registry, *queries: str) -> list[list[tuple[Any, ...]]]:
    """What the database of a registry answers."""
    url = registry.settings.get("DATABASE_URL")
    if url is not None:
        return asyncio.run(_postgresql_rows(url, queries))
    with contextlib.closing(sqlite3.connect(registry.data / "registry.db")) as database:
        return [database.execute(query).fetchall() for query in queries]


async def _postgresql_rows(url: str, queries: tuple[str, ...]) -> list[list[tuple[Any, ...]]]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return [[tuple(row) for row in await connection.fetch(query)] for query in queries]
    finally:
        await connection.close()
