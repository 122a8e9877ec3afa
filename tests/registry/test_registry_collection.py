"""Collecting garbage: blobs go when nothing uses them, and never from under a push."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sample_models import Sample, linear_model

from mlp.errors import Failed, Unavailable
from mlp.registry.actor import Actor
from mlp.registry.check.verdict import Verdict
from mlp.registry.database import Address, Database, engine_for
from mlp.registry.migrations import prepare_schema
from mlp.registry.service.collection import Collection
from mlp.registry.service.pushes import Pushes, Shelf
from mlp.registry.service.removal import Removal
from mlp.registry.store.files import FileStore
from mlp.registry.store.staging import Staging

NOTHING = timedelta(0)
BY = Actor("tester")


class Trusting:
    """Stands in for the judge: what is judged is not the matter here."""

    async def verdict(self, *_: Any) -> Verdict:
        return Verdict(ok=True)


class PausingStore(FileStore):
    """Files; a test may act right after a blob was put."""

    after_put: Callable[[], Coroutine[Any, Any, None]] | None = None

    async def put(self, sha256: str, source: Path) -> None:
        await super().put(sha256, source)
        if self.after_put is not None:
            act, self.after_put = self.after_put, None
            await act()


@dataclass
class House:
    """The parts of a registry, without HTTP."""

    database: Database
    store: PausingStore
    pushes: Pushes
    removal: Removal
    collection: Collection

    async def push(self, name: str, sample: Sample) -> int:
        async def chunks() -> AsyncIterator[bytes]:
            yield sample.onnx

        upload = await self.pushes.announce(name, sample.request, None)
        version, _ = await self.pushes.receive(name, upload.id, chunks(), BY)
        return version.version

    async def has(self, sample: Sample) -> bool:
        try:
            await (await self.store.open(hashlib.sha256(sample.onnx).hexdigest())).aclose()
        except Failed:
            return False
        return True


@pytest.fixture
def in_house(tmp_path: Path) -> Callable[..., None]:
    """Run a coroutine function on a House of its own."""
    address = Address(f"sqlite+aiosqlite:///{tmp_path / 'registry.db'}")
    for folder in ("blobs", "incoming"):
        (tmp_path / folder).mkdir()

    async def live(story: Callable[[House], Coroutine[Any, Any, None]]) -> None:
        database, store = Database(engine_for(address)), PausingStore(tmp_path / "blobs")
        pushes = Pushes(database, Shelf(Staging(tmp_path / "incoming"), store), Trusting(), 10**9)
        try:
            await story(House(database, store, pushes, Removal(database), Collection(database, store)))
        finally:
            await database.close()

    prepare_schema(address)
    return lambda story: asyncio.run(live(story))


def test_a_blob_goes_after_the_last_version_that_uses_it(in_house: Any) -> None:
    async def story(house: House) -> None:
        sample = linear_model(1)
        await house.push("iris", sample)
        await house.push("copy", sample)
        await house.removal.version("iris", 1, BY)
        assert await house.collection.tidy(NOTHING) == 0
        await house.removal.model("copy", BY)
        assert await house.collection.tidy() == 0  # the grace of a day has not passed
        assert await house.has(sample)
        assert await house.collection.tidy(NOTHING) == 1
        assert not await house.has(sample)
        assert await house.push("iris", sample) == 2
        assert await house.has(sample)

    in_house(story)


def test_an_announced_upload_keeps_its_blob_for_the_grace(in_house: Any) -> None:
    async def story(house: House) -> None:
        sample = linear_model(1)
        await house.push("iris", sample)
        await house.removal.version("iris", 1, BY)
        between = datetime.now(UTC)
        await house.pushes.announce("iris", sample.request, None)
        assert await house.collection.tidy(datetime.now(UTC) - between) == 0
        assert await house.has(sample)

    in_house(story)


def test_a_push_that_a_collection_overtook_is_told_to_come_again(in_house: Any) -> None:
    """Without a grace, the blob may go between its put and its version: no version is made of it."""

    async def story(house: House) -> None:
        sample = linear_model(1)

        async def collect() -> None:
            assert await house.collection.tidy(NOTHING) == 1

        house.store.after_put = collect
        with pytest.raises(Unavailable) as refusal:
            await house.push("iris", sample)
        assert refusal.value.code == "blob_collected"
        assert await house.push("iris", sample) == 1
        assert await house.has(sample)

    in_house(story)


def test_a_claim_made_after_the_collection_does_not_speak_for_the_push_before_it(in_house: Any) -> None:
    async def story(house: House) -> None:
        sample = linear_model(1)

        async def collect_and_claim() -> None:
            assert await house.collection.tidy(NOTHING) == 1
            await house.pushes.announce("other", sample.request, None)

        house.store.after_put = collect_and_claim
        with pytest.raises(Unavailable):
            await house.push("iris", sample)

    in_house(story)


def test_a_collection_that_died_before_its_row_went_is_finished_by_the_next(in_house: Any) -> None:
    async def story(house: House) -> None:
        sample = linear_model(1)
        await house.push("iris", sample)
        await house.removal.model("iris", BY)
        await house.store.delete(hashlib.sha256(sample.onnx).hexdigest())
        assert await house.collection.tidy(NOTHING) == 1
        assert await house.collection.tidy(NOTHING) == 0

    in_house(story)
