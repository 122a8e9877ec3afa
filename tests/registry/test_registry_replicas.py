"""Two replicas, two processes, on one PostgreSQL and one S3: together they are one registry."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

import httpx
import pytest
from postgresql_server import Postgresql
from registry_process import Registry, kill
from sample_models import Sample, announce, code_of, linear_model, put

from mlp.client.registry import RegistryClient
from mlp.errors import Unavailable
from tests.object_store import ObjectStore, new_bucket

WRITERS, EACH = 8, 5


@pytest.fixture(scope="module")
def replicas(
    tmp_path_factory: pytest.TempPathFactory, postgresql: Postgresql, s3: ObjectStore
) -> Iterator[tuple[Registry, Registry]]:
    """Started at once, on a database without tables and a store without a bucket."""
    bucket, name = new_bucket(s3), postgresql.new_database(migrated=False)
    settings = bucket.settings(DATABASE_URL=postgresql.url(name))
    folder = tmp_path_factory.mktemp("replicas")
    both = Registry(folder / "first", settings=settings), Registry(folder / "second", settings=settings)
    try:
        with ThreadPoolExecutor(len(both)) as starting:
            list(starting.map(Registry.start, both))
        yield both
    finally:
        for replica in both:
            kill(replica)
        postgresql.drop_database(name)
        bucket.remove()


@pytest.fixture
def https(replicas: tuple[Registry, Registry]) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    with replicas[0].http() as first, replicas[1].http() as second:
        yield first, second


def check_whole(replica: Registry, name: str, numbers: list[int]) -> None:
    """See that a model has just these versions, and that the bytes of each have their digest."""
    with replica.client() as client:
        versions = [client.version(name, number) for number in replica.numbers(name, limit=1_000)]
        for version in versions:
            client.download(version, replica.data.parent / "downloaded.onnx")
    assert sorted(version.version for version in versions) == numbers


def test_numbers_have_no_gap_whichever_replica_gives_them(replicas: Any) -> None:
    def push_many(writer: int) -> list[int]:
        with replicas[writer % 2].client() as client:
            samples = (linear_model(1 + writer * EACH + turn) for turn in range(EACH))
            return [client.push("busy", sample.manifest, sample.onnx).version.version for sample in samples]

    with ThreadPoolExecutor(WRITERS) as writers:
        numbers = [number for made in writers.map(push_many, range(WRITERS)) for number in made]
    assert sorted(numbers) == list(range(1, WRITERS * EACH + 1))
    answers = [line for replica in replicas for line in replica.log_lines() if line["message"] == "request"]
    assert not [line for line in answers if line["status"] >= 500]
    check_whole(replicas[0], "busy", sorted(numbers))


def test_one_model_pushed_to_both_at_once_is_one_version(replicas: Any) -> None:
    sample = linear_model(101)

    def push(writer: int) -> tuple[int, bool]:
        with replicas[writer % 2].client() as client:
            pushed = client.push("race", sample.manifest, sample.onnx)
            return pushed.version.version, pushed.created

    with ThreadPoolExecutor(WRITERS) as writers:
        results = list(writers.map(push, range(WRITERS)))
    assert sorted(results) == [(1, False)] * (WRITERS - 1) + [(1, True)]
    check_whole(replicas[1], "race", [1])


def test_what_one_replica_was_told_the_other_goes_on_with(https: Any) -> None:
    first, second = https
    sample, key = linear_model(102), {"Idempotency-Key": "k"}
    upload = announce(first, "handed-over", sample, **key).json()["id"]
    assert announce(second, "handed-over", sample, **key).json()["id"] == upload
    assert code_of(announce(second, "handed-over", linear_model(103), **key)) == "key_reused"
    assert put(second, "handed-over", upload, sample.onnx).status_code == 201
    assert put(first, "handed-over", upload, sample.onnx).status_code == 200
    assert first.get("/models/handed-over/versions/1/artifact").content == sample.onnx


def test_of_two_promotions_at_once_one_wins(replicas: Any, https: Any) -> None:
    with replicas[0].client() as client:
        for slope in (104, 105, 106):
            sample = linear_model(slope)
            client.push("promoted", sample.manifest, sample.onnx)
    path = "/models/promoted/aliases/production"
    https[0].put(path, json={"version": 1}).raise_for_status()
    with ThreadPoolExecutor(2) as callers:
        moves = [
            callers.submit(http.put, path, json={"version": version, "expected": 1})
            for http, version in zip(https, (2, 3), strict=True)
        ]
    assert sorted(move.result().status_code for move in moves) == [200, 409]
    winner = [move.result().status_code for move in moves].index(200) + 2
    assert [http.get("/models/promoted").json()["aliases"] for http in https] == [{"production": winner}] * 2
    assert len(https[1].get(f"{path}/history").json()["items"]) == 2


def push_until_kept(client: RegistryClient, name: str, sample: Sample) -> None:
    """Push again for as long as a collection is quicker, as the answer says."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            client.push(name, sample.manifest, sample.onnx)
        except Unavailable as error:
            if error.code != "blob_collected":
                raise
        else:
            return
    pytest.fail("no push was quicker than the collections")


def test_a_collection_of_one_replica_never_takes_what_the_other_is_given(replicas: Any, https: Any) -> None:
    """Without any grace: a push may have to come again, which the client does, and a version stays whole."""
    samples = [linear_model(slope) for slope in (107, 108)]
    pushing = threading.Event()

    def collect(http: httpx.Client) -> int:
        collected = 0
        while not pushing.is_set():
            report = http.post("/gc", json={"dry_run": False, "grace_seconds": 0})
            assert report.status_code == 200, report.text
            collected += report.json()["unused_count"]
        return collected

    def push(writer: int) -> None:
        name, turns = f"collected-{writer}", cycle(samples)
        with replicas[writer % 2].client() as client, replicas[(writer + 1) % 2].http() as other:
            for _ in range(3):
                push_until_kept(client, name, next(turns))
                other.delete(f"/models/{name}").raise_for_status()
            push_until_kept(client, name, samples[0])

    with ThreadPoolExecutor(6) as callers:
        collections = [callers.submit(collect, http) for http in https]
        try:
            list(callers.map(push, range(4)))
        finally:
            pushing.set()
    assert sum(collection.result() for collection in collections) > 0
    report = https[0].post("/gc", json={"dry_run": True, "grace_seconds": 0}).json()
    assert report["damaged"] == []
    for writer in range(4):
        check_whole(replicas[0], f"collected-{writer}", [4])


def test_the_death_of_one_replica_within_a_push_is_nothing_to_the_other(replicas: Any, https: Any) -> None:
    dying, living = replicas
    sample = linear_model(109, padding=2_000_000)
    upload = announce(https[0], "bereaved", sample).json()["id"]

    def body() -> Iterator[bytes]:
        yield sample.onnx[:1_000_000]
        assert dying.stop(signal.SIGKILL) == -signal.SIGKILL
        yield sample.onnx[1_000_000:]

    with pytest.raises(httpx.HTTPError):
        put(https[0], "bereaved", upload, body())
    assert put(https[1], "bereaved", upload, sample.onnx).status_code == 201
    check_whole(living, "bereaved", [1])
    dying.start()
    check_whole(dying, "bereaved", [1])
