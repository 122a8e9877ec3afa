"""A registry that kills itself at one step of a push or of a collection."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from mlp.registry.__main__ import run
from mlp.registry.folder import DataFolder
from mlp.registry.log import configure_logs
from mlp.registry.settings import Settings
from mlp.registry.store.files import FileStore

STEPS = ("judged", "blob kept", "row written", "committed")
"""Of a push."""
COLLECTING = ("row locked", "blob deleted")
"""Of a collection of garbage."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DyingStore(FileStore):
    """Files that kill the process before or after a blob is kept or deleted."""

    def __init__(self, root: Path, step: str) -> None:
        super().__init__(root)
        self._step = step

    async def put(self, sha256: str, source: Path) -> None:
        if self._step == "judged":
            die()
        await super().put(sha256, source)
        if self._step == "blob kept":
            die()

    async def delete(self, sha256: str) -> None:
        if self._step == "row locked":
            die()
        await super().delete(sha256)
        if self._step == "blob deleted":
            die()


def die_around_the_commit(step: str) -> None:
    """Listen to the database, and die before or after the commit of a version's row."""
    inserted = False

    @event.listens_for(Engine, "before_cursor_execute")
    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        nonlocal inserted
        inserted = inserted or statement.startswith("INSERT INTO versions")

    @event.listens_for(Engine, "commit")
    def before_commit(_: Any) -> None:
        if inserted and step == "row written":
            die()

    @event.listens_for(Session, "after_commit")
    def after_commit(_: Any) -> None:
        if inserted and step == "committed":
            die()


def run_until(step: str) -> None:
    configure_logs()
    settings = Settings()
    die_around_the_commit(step)
    run(settings, DyingStore(DataFolder(settings.data).blobs, step))
