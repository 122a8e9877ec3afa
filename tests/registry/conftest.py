"""Registries to push to."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlp.client.registry import RegistryClient

sys.path.insert(0, str(Path(__file__).parent))  # what the tests here share lies beside them

from judging import Judged
from registry_process import Registry, kill


@pytest.fixture
def make_registry(tmp_path: Path) -> Iterator[Callable[..., Registry]]:
    """Make registries that are killed at the end of the test, if they still live."""
    made: list[Registry] = []

    def make(folder: str = "registry", **arguments: Any) -> Registry:
        made.append(Registry(tmp_path / folder, **arguments))
        return made[-1]

    yield make
    for registry in made:
        kill(registry)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A running registry that the tests of a module share; each uses model names of its own."""
    shared = Registry(tmp_path_factory.mktemp("shared") / "registry").start()
    yield shared
    kill(shared)


@pytest.fixture
def http(registry: Registry) -> Iterator[httpx.Client]:
    with registry.http() as client:
        yield client


@pytest.fixture
def client(registry: Registry) -> Iterator[RegistryClient]:
    with registry.client() as client:
        yield client


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    with asyncio.Runner() as runner:
        judged = Judged(runner, tmp_path_factory.mktemp("judged"))
        yield judged
        runner.run(judged.judge.close())
