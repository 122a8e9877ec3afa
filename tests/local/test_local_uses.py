"""The registry is told which versions are served here, beside the work and whatever becomes of it."""

import asyncio
from collections.abc import Callable

import pytest

from mlp.api.deployment import ModelDeployment
from mlp.local.uses import Use, Uses, uses_of
from tests.controller.stand_in_registry import Registry

ONE, TWO = Use("my-iris", "iris", 1), Use("my-iris", "iris", 2)


@pytest.fixture
def registry():
    registry = Registry()
    yield registry
    registry.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  the registry is another thread's
            await asyncio.sleep(0.01)


def told(registry: Registry, use: Use) -> int:
    return registry.uses[(use.model, use.version, "local.my-iris")]


def test_uses_are_renewed_until_they_end(registry):
    async def story() -> None:
        wanted = {ONE, Use("gone", "iris", 9)}
        running = asyncio.create_task(Uses(registry.url, lambda: set(wanted), 0.05, look_seconds=0.02).run())
        await until(lambda: told(registry, ONE) >= 3)
        wanted.clear()
        wanted.add(TWO)
        await until(lambda: ("iris", 1, "local.my-iris") in registry.ended and told(registry, TWO) > 0)
        running.cancel()

    asyncio.run(story())


def test_a_use_is_not_renewed_before_it_is_time(registry):
    async def story() -> None:
        wanted = {ONE}
        running = asyncio.create_task(Uses(registry.url, lambda: set(wanted), 600, look_seconds=0.01).run())
        await until(lambda: told(registry, ONE) == 1)
        wanted.add(TWO)
        await until(lambda: told(registry, TWO) == 1)
        assert told(registry, ONE) == 1
        running.cancel()

    asyncio.run(story())


def test_a_registry_that_was_down_is_told_when_it_is_back(registry):
    registry.stop()

    async def story() -> None:
        running = asyncio.create_task(Uses(registry.url, lambda: {ONE}, 600, look_seconds=0.01).run())
        await asyncio.sleep(0.1)
        assert not running.done()
        registry.resume()
        await until(lambda: told(registry, ONE) == 1)
        running.cancel()

    asyncio.run(story())


def test_a_deployment_needs_what_it_asks_for_and_what_it_serves():
    document = {
        "metadata": {"name": "my-iris"},
        "spec": {"modelName": "iris", "modelVersion": 2},
        "status": {"servedVersion": 1},
    }
    assert uses_of(ModelDeployment.model_validate(document)) == {ONE, TWO}
    del document["status"]
    assert uses_of(ModelDeployment.model_validate(document)) == {TWO}
