"""Reading a backup into a registry."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from mlp.errors import Conflict, Precondition
from mlp.registry.backup.archive import ArchiveReader, Contents, Member, corrupt
from mlp.registry.backup.inspection import Inspection
from mlp.registry.backup.rows import OUTBOX, TABLES, rows_of
from mlp.registry.database import Database
from mlp.registry.repository import Repository
from mlp.registry.service.pushes import Shelf


class Restore:
    """One run. Blobs go first, each read back from the store; then all rows, in one transaction.

    Whatever ends it before that, the registry is as it was, and blobs without rows are garbage. With `replace`, the
    rows that are there go in that transaction; without, it has to be empty.
    """

    def __init__(self, database: Database, shelf: Shelf, *, replace: bool = False) -> None:
        self._database = database
        self._shelf = shelf
        self._replace = replace

    async def read(self, source: Path) -> Contents:
        """Restore the backup at `source`, once all of it has been inspected.

        Raises what `Inspection.of` raises, Precondition (`registry_not_empty`), Unavailable when store or database
        fail.
        """
        inspection = Inspection.of(source)
        if not self._replace:
            async with self._database.reading() as rows:
                await _check_empty(rows)
        needed = dict(inspection.needed)
        for member in ArchiveReader(source).members():
            if member.blob is not None and (size := needed.pop(member.blob, None)) is not None:
                await self._put(member, member.blob, size)
        try:
            async with self._database.writing() as rows:
                await self._write_rows(rows, source, inspection.contents)
        except Conflict as error:
            raise corrupt("its rows contradict each other") from error
        return inspection.contents

    async def _put(self, member: Member, sha256: str, size: int) -> None:
        async with self._database.writing() as rows:
            await rows.blobs.claim(sha256, size, datetime.now(UTC))
        async with self._shelf.staging.receive(_chunks(member)) as staged:
            if staged.sha256 != sha256:
                raise corrupt("it changed while it was read")
            await self._shelf.store.put(sha256, staged.path)
        await (await self._shelf.store.open(sha256)).aclose()

    async def _write_rows(self, rows: Repository, source: Path, contents: Contents) -> None:
        await rows.dump.lock(list(TABLES.values()))
        if self._replace:
            for table in (*OUTBOX, *reversed([*TABLES.values()])):
                await rows.dump.clear(table)
        else:
            await _check_empty(rows)
        for member in ArchiveReader(source).members():
            if member.table is not None:
                table = TABLES[member.table]
                await rows.dump.insert(table, rows_of(table, member.document()))
        for name, table in TABLES.items():
            await rows.dump.count_on(table)
            if await rows.dump.count(table) != contents.rows.get(name, 0):
                raise corrupt("it changed while it was read")


async def _chunks(member: Member) -> AsyncIterator[bytes]:
    for piece in member.pieces():
        yield piece


async def _check_empty(rows: Repository) -> None:
    for name, table in TABLES.items():
        if await rows.dump.count(table):
            message = f"this registry has {name.replace('_', ' ')} already; a restore wants an empty one"
            raise Precondition(message, code="registry_not_empty")
