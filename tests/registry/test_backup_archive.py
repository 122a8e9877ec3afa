"""Nothing of a backup is believed that is not whole."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from house import House
from sample_models import linear_model
from sqlmodel import SQLModel

from mlp.errors import Failed, NotFound, Precondition
from mlp.registry.backup.archive import MANIFEST, ArchiveReader, ArchiveWriter, Contents
from mlp.registry.backup.backup import Backup
from mlp.registry.backup.inspection import Inspection
from mlp.registry.backup.rows import LEFT_OUT, OUTBOX, TABLES
from mlp.registry.backup.run import restore
from mlp.registry.folder import DataFolder
from mlp.registry.migrations import prepare_schema
from mlp.registry.settings import Settings

Change = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a registry with one version."""
    folder = DataFolder(tmp_path_factory.mktemp("backup") / "house")
    folder.create()
    settings = Settings(data=folder.root)
    prepare_schema(settings.database)

    async def story() -> None:
        house = House.on(folder.root, settings.database)
        try:
            await house.push("iris", linear_model(1, padding=300_000))
            await Backup(house.database, house.store).write(folder.root / "backup.tar")
        finally:
            await house.database.close()

    asyncio.run(story())
    return folder.root / "backup.tar"


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def without_end(data: bytes) -> bytes:
    return data[: data.index(b"end.json")] + bytes(1024)


def changed_row(data: bytes) -> bytes:
    return data.replace(b'"name":"iris"', b'"name":"iri5"', 1)


def changed_blob(data: bytes) -> bytes:
    place = data.index(bytes(100_000)) + 5_000
    return data[:place] + b"\1" + data[place + 1 :]


def more(data: bytes) -> bytes:
    return data + b"more"


def member_behind_end(data: bytes) -> bytes:
    return data[:-1024] + member(tarfile.TarInfo("rows/events/000009.jsonl")) + bytes(1024)


def member(info: tarfile.TarInfo) -> bytes:
    return info.tobuf(tarfile.GNU_FORMAT)


def with_header(change: Callable[[tarfile.TarInfo], None]) -> Change:
    """Change the header of a member, and give it the checksum that fits."""

    def changed(data: bytes) -> bytes:
        place = data.index(b"rows/events/")
        header = tarfile.TarInfo.frombuf(data[place : place + 512], "ascii", "strict")
        change(header)
        return data[:place] + member(header) + data[place + 512 :]

    return changed


def named(name: str) -> Change:
    return with_header(lambda header: setattr(header, "name", name))


def of_type(kind: bytes) -> Change:
    return with_header(lambda header: (setattr(header, "type", kind), setattr(header, "linkname", "/etc/passwd")))  # type: ignore[arg-type,return-value]


BROKEN: dict[str, Change] = {
    "empty": lambda _: b"",
    "text": lambda _: b"not a tar at all\n" * 100,
    "cut": cut,
    "cut in a header": lambda data: data[:700],
    "without end": without_end,
    "a changed row": changed_row,
    "a changed blob": changed_blob,
    "bytes behind its end": more,
    "a member behind its end": member_behind_end,
    "a path upwards": named("../../rows.jsonl"),
    "an absolute path": named("/tmp/rows.jsonl"),
    "a path upwards in a known name": named("rows/../events.jsonl"),
    "a table that is none": named("rows/secrets/000001.jsonl"),
    "a symbolic link": of_type(tarfile.SYMTYPE),
    "a hard link": of_type(tarfile.LNKTYPE),
    "a device": of_type(tarfile.CHRTYPE),
    "an extended header": of_type(tarfile.XHDTYPE),
    "a longer member than the file": with_header(lambda header: setattr(header, "size", 2**40)),
    "a negative size": with_header(lambda header: setattr(header, "size", -512)),
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_is_not_whole_is_refused(whole: Path, how: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.tar"
    data = BROKEN[how](whole.read_bytes())
    assert data != whole.read_bytes()
    broken.write_bytes(data)
    with pytest.raises(Failed) as refusal:
        Inspection.of(broken)
    assert refusal.value.code == "backup_corrupt"


def test_every_cut_is_noticed(whole: Path, tmp_path: Path) -> None:
    data, broken = whole.read_bytes(), tmp_path / "broken.tar"
    for size in range(0, len(data), 7_919):
        broken.write_bytes(data[:size])
        with pytest.raises(Failed):
            Inspection.of(broken)


def test_a_refused_backup_leaves_no_trace(whole: Path, tmp_path: Path) -> None:
    broken, settings = tmp_path / "broken.tar", Settings(data=tmp_path / "data")
    broken.write_bytes(cut(whole.read_bytes()))
    with pytest.raises(Failed):
        restore(settings, broken, replace=False)
    assert not settings.data.exists()


def rewritten(whole: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Write the backup anew with documents that `change` returns; every digest in it is right again."""
    file = io.BytesIO()
    archive = ArchiveWriter(file)
    blobs: list[int] = []
    for each in ArchiveReader(whole).members():
        data = each.document()
        if each.name == "end.json":
            told = json.loads(data)["contents"] | {"blobs": len(blobs), "blob_bytes": sum(blobs)}
            archive.end(Contents.model_validate(told))
        elif (changed := change(each.name, data)) is not None:
            archive.document(each.name, changed)
            blobs += [len(changed)] * (each.blob is not None)
    target.write_bytes(file.getvalue())
    return target


def in_rows(table: str, **values: Any) -> Callable[[str, bytes], bytes]:
    def change(name: str, data: bytes) -> bytes:
        if not name.startswith(f"rows/{table}/"):
            return data
        return b"".join(json.dumps(json.loads(line) | values).encode() + b"\n" for line in data.splitlines())

    return change


def test_what_was_rewritten_alike_is_whole(whole: Path, tmp_path: Path) -> None:
    assert rewritten(whole, tmp_path / "same.tar", lambda _, data: data).read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda name, data: None if name.startswith("blobs/") else data, "blob of a version is missing"),
        (in_rows("versions", digest="0" * 64), "does not have its digest"),
        (in_rows("versions", signature="{}"), "signature or receipt"),
        (in_rows("versions", size=1), "blob of a version is missing"),
        (in_rows("versions", number="1"), "row of versions"),
        (in_rows("versions", number=True), "row of versions"),
        (in_rows("versions", created_at="yesterday"), "row of versions"),
        (in_rows("models", name=None), "row of models"),
        (in_rows("models", name="n" * 51), "row of models"),
        (in_rows("models", name="a\0b"), "row of models"),
        (in_rows("models", name="\ud800"), "row of models"),
        (in_rows("models", owner="me"), "row of models"),
    ],
)
def test_contents_that_no_registry_writes_are_refused(whole: Path, change: Any, why: str, tmp_path: Path) -> None:
    """Every digest is right, and what it is of is not."""
    with pytest.raises(Failed, match=why) as refusal:
        Inspection.of(rewritten(whole, tmp_path / "forged.tar", change))
    assert refusal.value.code == "backup_corrupt"


def test_a_backup_of_a_newer_schema_is_refused(whole: Path, tmp_path: Path) -> None:
    def newer(name: str, data: bytes) -> bytes:
        return json.dumps(json.loads(data) | {"revision": "9999"}).encode() if name == MANIFEST else data

    with pytest.raises(Precondition) as refusal:
        Inspection.of(rewritten(whole, tmp_path / "newer.tar", newer))
    assert refusal.value.code == "schema_newer"


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Inspection.of(tmp_path / "nothing.tar")
    with pytest.raises(Failed) as refusal:
        Inspection.of(tmp_path)
    assert refusal.value.code == "backup_unreadable"


def test_a_file_that_exists_is_not_overwritten(whole: Path) -> None:
    before = whole.read_bytes()

    async def story() -> None:
        house = House.on(whole.parent, Settings(data=whole.parent).database)
        try:
            await Backup(house.database, house.store).write(whole)
        finally:
            await house.database.close()

    with pytest.raises(Precondition) as refusal:
        asyncio.run(story())
    assert refusal.value.code == "file_exists"
    assert whole.read_bytes() == before


def test_every_table_is_backed_up_or_left_out_on_purpose() -> None:
    assert {*TABLES} | {table.name for table in OUTBOX} | LEFT_OUT == {*SQLModel.metadata.tables}
