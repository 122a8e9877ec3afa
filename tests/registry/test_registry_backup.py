"""One file holds the registry, on whatever it was kept, and is one moment of it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from databases import ON_BOTH_DATABASES
from house import House
from postgresql_server import Postgresql
from registry_process import Registry
from sample_models import linear_model

from mlp.errors import Precondition
from mlp.registry.__main__ import main
from mlp.registry.backup.archive import ArchiveReader
from mlp.registry.backup.backup import Backup
from mlp.registry.backup.inspection import Inspection
from mlp.registry.backup.restore import Restore
from mlp.registry.database import Address
from mlp.registry.folder import DataFolder
from mlp.registry.migrations import prepare_schema
from mlp.registry.service.pushes import Shelf
from mlp.registry.store.staging import Staging
from mlp.registry.tables import TokenRow
from tests.forked import complete

pytestmark = ON_BOTH_DATABASES


def run(registry: Registry, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return complete(main, *map(str, arguments), environment=registry.environment())


def fill(registry: Registry) -> None:
    """Two models, a shared blob, a deleted version, an alias with a history, an archived version."""
    with registry.client() as client, registry.http() as http:
        for slope in (1, 2, 3):
            sample = linear_model(slope, padding=300_000)
            client.push("iris", sample.manifest, sample.onnx)
        shared = linear_model(1, padding=300_000)
        client.push("copy", shared.manifest, shared.onnx)
        for version in (1, 3):
            client.aliases.set("iris", "production", version)
        client.delete("iris", 2)
        client.archive("iris", 1)
        http.patch("/models/iris/versions/3", json={"tags": {"team": "straße 😀"}}).raise_for_status()


def state(registry: Registry) -> dict[str, Any]:
    """All that clients see, the bytes included."""
    with registry.client() as client, registry.http() as http:
        paths = ["/models?archived=true", "/models/iris/versions?archived=true", "/models/copy/versions"]
        paths += ["/models/iris/versions/1", "/models/iris/versions/3", "/models/iris/aliases/production/history"]
        found = {path: http.get(path).json() for path in paths}
        events = http.get("/events").json()["items"]
        found["bytes"] = http.get("/models/iris/versions/3/artifact").content
        return found | {"events": events, "copy": client.version("copy", 1)}


def rows_of(file: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for member in ArchiveReader(file).members():
        if member.table is not None:
            found.setdefault(member.table, []).extend(json.loads(line) for line in member.document().splitlines())
    return found


def restoring(house: House, *, replace: bool = False) -> Restore:
    return Restore(house.database, Shelf(Staging(house.root / "incoming"), house.store), replace=replace)


@pytest.fixture(scope="module")
def backed_up(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a registry that goes on serving."""
    fill(registry)
    file = tmp_path_factory.mktemp("backups") / "backup.tar"
    ran = run(registry, "backup", file)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert (told["rows"]["models"], told["rows"]["versions"], told["blobs"]) == (2, 3, 2)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["backup.tar"]
    return file


def test_a_restored_registry_is_the_one_that_was_backed_up(registry, backed_up: Path, make_registry: Any) -> None:
    other: Registry = make_registry("other")
    ran = run(other, "restore", backed_up)
    assert ran.returncode == 0, ran.stderr
    other.start()
    assert state(other) == state(registry)
    with other.client() as client:
        sample = linear_model(9)
        assert client.push("iris", sample.manifest, sample.onnx).version.version == 4
        assert client.push("new", sample.manifest, sample.onnx).version.version == 1
    with other.http() as http:
        report = http.post("/gc", json={"grace_seconds": 0}).json()
        assert (report["unused_count"], report["damaged"]) == (0, [])


def test_it_goes_from_one_database_to_the_other(
    backed_up: Path, database: str, tmp_path: Path, postgresql: Postgresql
) -> None:
    folder = DataFolder(tmp_path / "other")
    folder.create()
    url = f"sqlite+aiosqlite:///{tmp_path}/r.db" if database != "sqlite" else postgresql.url(postgresql.new_database())
    prepare_schema(Address(url))

    async def story() -> None:
        house = House.on(folder.root, Address(url))
        try:
            await restoring(house).read(backed_up)
            await Backup(house.database, house.store).write(tmp_path / "again.tar")
        finally:
            await house.database.close()

    asyncio.run(story())
    assert rows_of(tmp_path / "again.tar") == rows_of(backed_up)


def test_what_a_registry_holds_goes_only_when_that_is_said(in_house: Any, backed_up: Path, tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await house.push("here", linear_model(1))
        with pytest.raises(Precondition) as refusal:
            await restoring(house).read(backed_up)
        assert refusal.value.code == "registry_not_empty"
        await restoring(house, replace=True).read(backed_up)
        await Backup(house.database, house.store).write(tmp_path / "again.tar")

    in_house(story)
    assert rows_of(tmp_path / "again.tar") == rows_of(backed_up)


def test_a_backup_while_versions_come_and_go_is_whole(registry: Registry, backed_up: Path, tmp_path: Path) -> None:
    """Case 67: pushes, deletions and collections go on; every version in the file has its blob there."""
    ended = threading.Event()
    rounds: list[int] = []

    def churn() -> None:
        with registry.client() as client, registry.http() as http:
            while not ended.is_set():
                sample = linear_model(100 + len(rounds), padding=100_000)
                pushed = client.push("churn", sample.manifest, sample.onnx).version
                if len(rounds) % 2:
                    client.delete("churn", pushed.version)
                    http.post("/gc", json={"grace_seconds": 0, "dry_run": False}).raise_for_status()
                rounds.append(pushed.version)

    churning = threading.Thread(target=churn)
    churning.start()
    file = tmp_path / "backup.tar"
    try:
        ran = run(registry, "backup", file)
    finally:
        ended.set()
        churning.join(60)
    assert rounds
    assert ran.returncode == 0, ran.stderr
    inspection = Inspection.of(file)
    assert inspection.contents.rows["versions"] == len(rows_of(file)["versions"]) >= 3


def test_a_backup_holds_hashes_of_tokens(in_house: Any, tmp_path: Path) -> None:
    token = TokenRow(name="ci", sha256="a" * 64, scope="read", created_at=datetime.now(UTC), created_by="tester")

    async def story(house: House) -> None:
        async with house.database.writing() as rows:
            assert await rows.tokens.add(token)
        contents = await Backup(house.database, house.store).write(tmp_path / "backup.tar")
        assert (contents.rows["tokens"], contents.blobs) == (1, 0)
        assert rows_of(tmp_path / "backup.tar")["tokens"][0]["sha256"] == "a" * 64

    in_house(story)
