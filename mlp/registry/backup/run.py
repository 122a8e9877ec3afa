"""`python -m mlp.registry backup` and `… restore`: the parts put together for one run."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from mlp.errors import Precondition
from mlp.registry.backup.archive import Contents
from mlp.registry.backup.backup import Backup
from mlp.registry.backup.inspection import Inspection
from mlp.registry.backup.restore import Restore
from mlp.registry.database import Database, engine_for
from mlp.registry.folder import DataFolder
from mlp.registry.migrations import check_schema, prepare_schema
from mlp.registry.service.pushes import Shelf
from mlp.registry.settings import Settings
from mlp.registry.store.configured import configured_store
from mlp.registry.store.staging import Staging

log = logging.getLogger(__name__)
_STDOUT = Path("-")


def back_up(settings: Settings, file: Path) -> None:
    """Write the registry to `file`, whether it serves or not; tell on stdout what is in it.

    The file `-` is stdout itself, and then that is told in the log. Raises as `Backup.write` and `check_schema`.
    """
    database = settings.database.file
    if database is not None and not database.exists():
        raise Precondition(f"there is no registry in {settings.data}", code="registry_missing")
    check_schema(settings.database)
    store = configured_store(settings, DataFolder(settings.data).blobs)
    if file == _STDOUT:
        contents = _run(settings, lambda database: Backup(database, store).write_to(sys.stdout.buffer))
        log.info("the backup is written", extra={"fields": contents.model_dump()})
    else:
        _tell(_run(settings, lambda database: Backup(database, store).write(file)))


def restore(settings: Settings, file: Path, replace: bool) -> None:
    """Read `file` into this registry, which has to be empty unless `replace`; tell on stdout what arrived.

    Raises as `Restore.read` and `serve`.
    """
    Inspection.of(file)  # before anything is made for it
    folder = DataFolder(settings.data)
    folder.create()
    folder.lock()
    prepare_schema(settings.database, settings.database_wait_seconds)
    store = configured_store(settings, folder.blobs)
    asyncio.run(store.prepare())
    shelf = Shelf(Staging(folder.incoming), store)
    _tell(_run(settings, lambda database: Restore(database, shelf, replace=replace).read(file)))


def _run(settings: Settings, work: Callable[[Database], Awaitable[Contents]]) -> Contents:
    async def run() -> Contents:
        database = Database(engine_for(settings.database))
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def _tell(contents: Contents) -> None:
    sys.stdout.write(contents.model_dump_json() + "\n")
