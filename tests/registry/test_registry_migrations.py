"""Migrations: of every released schema with its data, by many processes at once, and killed halfway."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from databases import ON_BOTH_DATABASES
from dying_migration import migrate_until
from postgresql_server import Postgresql
from registry_process import Registry, kill
from sample_models import linear_model

from mlp.registry.__main__ import main
from mlp.registry.migrations import HEAD, REVISIONS
from tests.forked import Program, complete, spared

pytestmark = ON_BOTH_DATABASES

RELEASED = Path(__file__).with_name("released")
"""What a database of each released schema holds, for both databases; a release adds its own."""


class Store:
    """A database without tables, and the registry's data folder."""

    def __init__(self, folder: Path, server: Postgresql | None) -> None:
        self.folder = folder
        self.folder.mkdir()
        self._server = server
        self.name = None if server is None else server.new_database(migrated=False)

    @property
    def environment(self) -> dict[str, str]:
        if self._server is None:
            return {"MLP_REGISTRY_DATA": str(self.folder)}
        return {"MLP_REGISTRY_DATA": str(self.folder), "DATABASE_URL": self._server.url(self.name)}

    def script(self, statements: str) -> None:
        if self._server is not None:
            self._server.script(statements, self.name)
            return
        with closing(sqlite3.connect(self.folder / "registry.db")) as database:
            database.executescript(statements)
            database.commit()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        if self._server is not None:
            return [tuple(row) for row in self._server.execute(query, self.name)]
        with closing(sqlite3.connect(self.folder / "registry.db")) as database:
            return database.execute(query).fetchall()

    def load(self, revision: str) -> None:
        kind = "sqlite" if self._server is None else "postgresql"
        self.script((RELEASED / f"{revision}.{kind}.sql").read_text("utf-8"))

    def tables(self) -> set[str]:
        catalogue = "SELECT name FROM sqlite_master WHERE type = 'table'"
        if self._server is not None:
            catalogue = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        return {name for (name,) in self.rows(catalogue)}

    def revision(self) -> str:
        return self.rows("SELECT version_num FROM mlp_registry_schema")[0][0]

    def run(self, program: Program, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
        """Run a program to its end; return its exit code and what it logged."""
        ran = complete(program, *arguments, environment=spared() | self.environment)
        return ran.returncode, [json.loads(line) for line in ran.stderr.splitlines()]


@pytest.fixture
def store(tmp_path: Path, server: Postgresql | None) -> Iterator[Store]:
    made = Store(tmp_path / "registry", server)
    yield made
    if server is not None:
        server.drop_database(made.name)


def test_a_schema_of_each_release_is_kept(database: str) -> None:
    assert {file.name for file in RELEASED.glob(f"*.{database}.sql")} == {f"0001.{database}.sql"}
    assert REVISIONS[0] == "0001"


def test_a_released_schema_is_upgraded_with_its_data(store: Store) -> None:
    store.load("0001")
    registry = Registry(store.folder, settings=store.environment).start()
    try:
        assert store.revision() == HEAD
        with registry.http() as http, registry.client() as client:
            models = http.get("/models").json()["items"]
            assert [(model["name"], model["latest_version"]) for model in models] == [("empty", None), ("iris", 3)]
            assert models[1]["tags"] == {"team": "botany"}
            assert models[1]["description"] == "flowers, it's said"
            assert registry.numbers("iris") == [3, 1]
            kept, sample = client.version("iris", 3), linear_model(3.0)
            assert (kept.sha256, kept.size) == (sample.request.sha256, sample.request.size)
            assert (kept.signature, kept.receipt) == (sample.manifest.signature, sample.manifest.receipt)
            assert (kept.metrics, kept.params, kept.tags) == ({"r2": 0.5}, {"depth": "3"}, {"stage": "test"})
            assert kept.created_by == "anna"
            assert kept.created_at.isoformat() == "2026-03-03T10:00:00+00:00"
            new = linear_model(5.0)
            assert client.push("iris", new.manifest, new.onnx).version.version == 4
            assert client.push("gone", new.manifest, new.onnx).version.version == 2
            assert client.push("other", new.manifest, new.onnx).version.version == 1
    finally:
        kill(registry)


def test_many_that_migrate_at_once_all_succeed(store: Store) -> None:
    with ThreadPoolExecutor(3) as operators:
        ended = list(operators.map(lambda _: store.run(main, "migrate"), range(3)))
    assert [code for code, _ in ended] == [0] * 3, ended
    assert store.revision() == HEAD


def test_a_migration_killed_halfway_left_the_database_as_it_was(store: Store) -> None:
    store.load("0001")
    tables = store.tables()
    assert (
        store.run(partial(migrate_until, "INSERT INTO blobs"))[0] == -signal.SIGKILL
    )  # two revisions of the one transaction were run
    assert store.tables() == tables
    assert store.revision() == "0001"
    assert len(store.rows("SELECT * FROM versions")) == 2
    assert store.run(main, "migrate")[0] == 0
    assert store.revision() == HEAD


def test_what_is_done_newer_or_of_another_program_is_left_alone(store: Store) -> None:
    store.script(
        "CREATE TABLE alembic_version (version_num VARCHAR(32)); INSERT INTO alembic_version VALUES ('theirs')"
    )
    for expected in (1, 0):
        code, logged = store.run(main, "migrate")
        assert code == 0
        assert [line["message"] for line in logged].count("schema upgraded") == expected
    store.script("UPDATE mlp_registry_schema SET version_num = '9999'")
    code, logged = store.run(main, "migrate")
    assert (code, logged[-1]["code"]) == (3, "schema_newer")
    assert store.revision() == "9999"
    assert store.rows("SELECT version_num FROM alembic_version") == [("theirs",)]
