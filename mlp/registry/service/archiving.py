"""Archiving: what is archived can be served on, but is not offered any more."""

from __future__ import annotations

from datetime import UTC, datetime

from mlp.errors import Conflict
from mlp.registry.actor import Actor
from mlp.registry.repository import Repository
from mlp.registry.tables import ModelRow, VersionRow


async def set_archived(
    rows: Repository, row: ModelRow | VersionRow, name: str, archived: bool | None, by: Actor
) -> None:
    """Archive a model or a version of the model `name`, or bring it back; None leaves it as it is.

    The caller holds the model's row. Raises Conflict (`in_use`) while an alias offers what is to be archived.
    """
    if archived is None or archived == (row.archived_at is not None):
        return
    number = row.number if isinstance(row, VersionRow) else None
    if archived and (aliases := await rows.aliases.of_version(name, number)):
        raise Conflict(
            f"{_what(name, number)} is needed: {'; '.join(f'{name}@{alias} points to it' for alias in aliases[:10])}",
            code="in_use",
            details={"name": name, "aliases": aliases[:10], "holders": []},
        )
    row.archived_at = datetime.now(UTC) if archived else None
    noun = "model" if number is None else "version"
    rows.events.record(f"{noun}.{'archived' if archived else 'unarchived'}", by, model=name, version=number)


def check_offered(row: ModelRow | VersionRow, name: str) -> None:
    """Raise Conflict (`archived`) if a model, or a version of the model `name`, is archived."""
    if row.archived_at is None:
        return
    what = _what(name, row.number if isinstance(row, VersionRow) else None)
    raise Conflict(f"{what} is archived", code="archived", details={"reference": what})


def _what(name: str, number: int | None) -> str:
    return name if number is None else f"{name}:{number}"
