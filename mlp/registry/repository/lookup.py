"""SELECTs that are asked so often that they are built once, and give plain values instead of objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Text, bindparam, cast, func, select
from sqlmodel import col

from mlp.registry.tables import AliasRow, BlobRow, ModelRow, VersionRow


@dataclass(frozen=True, eq=False)
class Lookup:
    """A statement that gives at most one row, by the values of its named parameters."""

    statement: Select[*tuple[Any, ...]]


def value(name: str) -> Any:
    """Return the place of a value that is given when the row is looked up."""
    return bindparam(name, required=False)


def _json(column: Any) -> Any:
    """Return a column of JSON as the text that it is."""
    return cast(column, Text).label(column.key)


_ALIASES = (
    select(func.aggregate_strings(col(AliasRow.name), ","))
    .where(col(AliasRow.model_id) == col(VersionRow.model_id), col(AliasRow.number) == col(VersionRow.number))
    .correlate(VersionRow)
    .scalar_subquery()
)
TWIN = Lookup(
    select(col(BlobRow.sha256), col(BlobRow.generation))
    .join(VersionRow, col(VersionRow.sha256) == col(BlobRow.sha256))
    .where(col(BlobRow.sha256) == value("sha256"), col(VersionRow.digest) == value("digest"))
    .distinct()
)
"""The blob of any version, of whatever model, with that `digest`, which its `sha256` is part of."""
VERSION = Lookup(
    select(
        *map(col, (ModelRow.name, VersionRow.digest, VersionRow.sha256, VersionRow.size, VersionRow.description)),
        *map(col, (VersionRow.signature, VersionRow.receipt, VersionRow.source)),
        *map(_json, (VersionRow.metrics, VersionRow.params, VersionRow.tags)),
        *map(col, (VersionRow.created_at, VersionRow.created_by, VersionRow.archived_at)),
        col(VersionRow.number).label("version"),
        _ALIASES.label("aliases"),
    )
    .join(ModelRow, col(ModelRow.id) == col(VersionRow.model_id))
    .where(
        col(ModelRow.name) == value("name"),
        col(ModelRow.deleted_at).is_(None),
        col(VersionRow.number) == value("number"),
    )
)
"""A version, by the `name` of its model and its `number`. The columns have the names of a ModelVersion's fields; its
parts that are documents are JSON, and `aliases` are separated by commas, in any order, and None where there is none."""
