"""Collecting garbage: blobs go when nothing uses them, and never from under a push."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from databases import ON_BOTH_DATABASES
from house import BY, House
from sample_models import linear_model

from mlp.api.collection import CollectionRequest
from mlp.errors import Unavailable

pytestmark = ON_BOTH_DATABASES
NOTHING = timedelta(0)


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
        await house.pushes.announce("iris", sample.request, None, BY)
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
            await house.pushes.announce("other", sample.request, None, BY)

        house.store.after_put = collect_and_claim
        with pytest.raises(Unavailable):
            await house.push("iris", sample)

    in_house(story)


def test_bytes_that_go_while_a_version_is_made_of_them_are_asked_for_again(in_house: Any) -> None:
    """They were whole when another model's version was found; that goes with its blob before the new one is there."""

    async def story(house: House) -> None:
        sample = linear_model(1)
        await house.push("iris", sample)

        async def collect() -> None:
            await house.removal.model("iris", BY)
            assert await house.collection.tidy(NOTHING) == 1

        house.store.after_open = collect
        with pytest.raises(Unavailable) as refusal:
            await house.push("copy", sample)
        assert refusal.value.code == "blob_collected"
        assert await house.push("copy", sample) == 1
        assert await house.has(sample)

    in_house(story)


def test_a_blob_that_only_the_store_knows_goes_by_a_collection_but_not_by_housekeeping(in_house: Any) -> None:
    async def story(house: House) -> None:
        kept, stray = linear_model(1), linear_model(2)
        await house.push("iris", kept)
        sha256 = await house.stray(stray)
        assert await house.collection.tidy(NOTHING) == 0
        young = await house.collection.collect(CollectionRequest(dry_run=False), BY)
        assert young.unused_count == 0
        shown = await house.collection.collect(CollectionRequest(grace_seconds=0), BY)
        assert [(blob.sha256, blob.size, blob.known) for blob in shown.unused] == [(sha256, len(stray.onnx), False)]
        assert await house.has(stray)
        gone = await house.collection.collect(CollectionRequest(dry_run=False, grace_seconds=0), BY)
        assert gone.unused == shown.unused
        assert gone.unused_bytes == len(stray.onnx)
        assert not await house.has(stray)
        assert await house.has(kept)

    in_house(story)


def test_a_version_without_its_blob_is_named(in_house: Any) -> None:
    async def story(house: House) -> None:
        whole, lost, cut = linear_model(1), linear_model(2), linear_model(3)
        for sample in (whole, lost, cut):
            await house.push("iris", sample)
        await house.store.delete(lost.request.sha256)
        house.path(cut).write_bytes(cut.onnx[:-1])
        report = await house.collection.collect(CollectionRequest(dry_run=False, grace_seconds=0), BY)
        assert [(each.version, each.problem) for each in report.damaged] == [(2, "missing"), (3, "wrong_size")]
        assert (report.damaged_count, report.unused_count) == (2, 0)

    in_house(story)


@pytest.mark.parametrize("rounds", [3, pytest.param(300, marks=pytest.mark.soak)])
def test_no_version_loses_its_blob_while_everything_happens_at_once(in_house: Any, rounds: int) -> None:
    """Two replicas push, delete and collect without any grace: a push may have to come again, a version stays whole."""

    async def story(house: House) -> None:
        samples = [linear_model(number) for number in range(1, 4)]
        replicas = [house, house.replica()]
        pushing = True

        async def push(replica: House, writer: int) -> None:
            for turn in range(rounds):
                await replica.push_until_done(f"model-{writer}", samples[(turn + writer) % len(samples)])
                await replica.removal.model(f"model-{writer}", BY) if turn % 2 else None

        async def collect(replica: House) -> None:
            while pushing:
                await replica.collection.collect(CollectionRequest(dry_run=False, grace_seconds=0), BY)
                await asyncio.sleep(0.02)

        collecting = [asyncio.create_task(collect(replica)) for replica in replicas]
        await asyncio.gather(*(push(replicas[writer % 2], writer) for writer in range(4)))
        for writer in range(4):
            await house.push_until_done(f"model-{writer}", samples[0])
        pushing = False
        await asyncio.gather(*collecting)
        report = await house.collection.collect(CollectionRequest(dry_run=False, grace_seconds=0), BY)
        assert report.damaged == []
        assert await house.has(samples[0])
        await replicas[1].database.close()

    in_house(story)


def test_a_collection_that_died_before_its_row_went_is_finished_by_the_next(in_house: Any) -> None:
    async def story(house: House) -> None:
        sample = linear_model(1)
        await house.push("iris", sample)
        await house.removal.model("iris", BY)
        await house.store.delete(sample.request.sha256)
        assert await house.collection.tidy(NOTHING) == 1
        assert await house.collection.tidy(NOTHING) == 0

    in_house(story)
