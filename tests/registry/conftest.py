"""Registries to push to."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlp.client.catalog import Catalog
from mlp.client.registry import RegistryClient

sys.path.insert(0, str(Path(__file__).parent))  # what the tests here share lies beside them

from databases import Databases
from guarded_registry import guarded
from house import House
from judging import Judged
from postgresql_server import Postgresql
from registry_process import Registry, kill

from mlp.registry.folder import DataFolder
from mlp.registry.migrations import prepare_schema
from mlp.registry.settings import Settings


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """The PostgreSQL that the tests of this process share; each takes databases of its own."""
    server = Postgresql()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest) -> str:
    """What registries of this module keep their rows in, SQLite unless it says ON_BOTH_DATABASES."""
    return getattr(request, "param", "sqlite")


@pytest.fixture(scope="module")
def server(database: str, request: pytest.FixtureRequest) -> Postgresql | None:
    return request.getfixturevalue("postgresql") if database == "postgresql" else None


@pytest.fixture
def make_registry(tmp_path: Path, server: Postgresql | None) -> Iterator[Callable[..., Registry]]:
    """Make registries that are killed at the end of the test, if they still live."""
    made: list[Registry] = []
    databases = Databases(server)

    def make(folder: str = "registry", *, settings: dict[str, str] = {}, **arguments: Any) -> Registry:  # noqa: B006
        made.append(Registry(tmp_path / folder, settings=databases.settings(folder) | settings, **arguments))
        return made[-1]

    yield make
    for registry in made:
        kill(registry)
    databases.forget()


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, server: Postgresql | None) -> Iterator[Registry]:
    """A running registry that the tests of a module share; each uses model names of its own."""
    databases = Databases(server)
    shared = Registry(tmp_path_factory.mktemp("shared") / "registry", settings=databases.settings("shared")).start()
    yield shared
    kill(shared)
    databases.forget()


@pytest.fixture(scope="module")
def guarded_registry(tmp_path_factory: pytest.TempPathFactory, server: Postgresql | None) -> Iterator[Registry]:
    """A running registry that asks for tokens, shared by the tests of a module."""
    databases = Databases(server)
    shared = guarded(tmp_path_factory.mktemp("guarded"), **databases.settings("guarded")).start()
    yield shared
    kill(shared)
    databases.forget()


@pytest.fixture
def in_house(tmp_path: Path, server: Postgresql | None) -> Iterator[Callable[..., None]]:
    """Run a coroutine function on the parts of a registry, in this process."""
    databases = Databases(server)
    folder = DataFolder(tmp_path / "house")
    folder.create()
    settings = Settings(data=folder.root, **databases.settings("house"))

    async def live(story: Callable[[House], Coroutine[Any, Any, None]]) -> None:
        house = House.on(folder.root, settings.database)
        try:
            await story(house)
        finally:
            await house.database.close()

    prepare_schema(settings.database)
    yield lambda story: asyncio.run(live(story))
    databases.forget()


@pytest.fixture
def http(registry: Registry) -> Iterator[httpx.Client]:
    with registry.http() as client:
        yield client


@pytest.fixture
def client(registry: Registry) -> Iterator[RegistryClient]:
    with registry.client() as client:
        yield client


@pytest.fixture
def catalog(registry: Registry) -> Iterator[Catalog]:
    with registry.catalog() as catalog:
        yield catalog


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    with asyncio.Runner() as runner:
        judged = Judged(runner, tmp_path_factory.mktemp("judged"))
        yield judged
        runner.run(judged.judge.close())
