"""Rows as lines of JSON, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Integer, String, Table, TypeDecorator
from sqlmodel import SQLModel

from mlp.registry.backup.archive import corrupt
from mlp.registry.tables import (
    AliasChangeRow,
    AliasRow,
    EventRow,
    ModelRow,
    TokenRow,
    UploadRow,
    UseRow,
    UtcDateTime,
    VersionRow,
    WebhookRow,
)

_KINDS: Sequence[type[SQLModel]] = (
    ModelRow,
    VersionRow,
    AliasRow,
    AliasChangeRow,
    UseRow,
    UploadRow,
    TokenRow,
    WebhookRow,
    EventRow,
)
TABLES: Mapping[str, Table] = {
    table.name: table for table in (SQLModel.metadata.tables[str(kind.__tablename__)] for kind in _KINDS)
}
"""What is backed up, in an order in which no row refers to a later one."""
_TYPES: Mapping[type, tuple[type, ...]] = {JSON: (dict, list), String: (str,), Boolean: (bool,), Integer: (int,)}
OUTBOX: Sequence[Table] = tuple(SQLModel.metadata.tables[name] for name in ("deliveries", "notices"))
"""What is not backed up, because nobody is told of the past a second time."""
LEFT_OUT = frozenset({"blobs"})
"""What is not, because it is made anew."""


def line_of(row: Mapping[str, Any]) -> bytes:
    """Return a row as a line."""
    plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
    return json.dumps(plain, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def rows_of(table: Table, lines: bytes) -> list[dict[str, Any]]:
    """Return the rows in `lines`; columns that an older schema did not have are empty. Raises Failed."""
    try:
        return [_row(table, json.loads(line)) for line in lines.splitlines()]
    except (ValueError, TypeError, AttributeError) as error:
        raise corrupt(f"a row of {table.name} cannot be read") from error


def _row(table: Table, found: dict[str, Any]) -> dict[str, Any]:
    columns = table.columns
    if not found.keys() <= set(columns.keys()):
        raise ValueError("a column that is not known")
    return {name: _value(column, found.get(name)) for name, column in columns.items()}


def _value(column: Column[Any], value: Any) -> Any:
    """Return what the column holds; SQLite would take anything, and PostgreSQL fail with words of its own."""
    if value is None and column.nullable:
        return None
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value).astimezone(UTC)
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    if type(value) not in next(types for known, types in _TYPES.items() if isinstance(kind, known)):
        raise ValueError("a value of another type")
    if isinstance(kind, String):
        value.encode()  # lone surrogates have no bytes
        if "\0" in value or len(value) > (kind.length or len(value)):
            raise ValueError("a text that no column holds")
    return value
