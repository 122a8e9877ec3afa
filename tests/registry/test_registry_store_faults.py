"""The object store fails: the registry says so, keeps nothing by halves, and goes on when the store does."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from registry_process import Registry, kill
from sample_models import Sample, announce, code_of, linear_model, put

from mlp.errors import Failed, Unavailable
from tests.faulty_store import Fault, FaultyStore
from tests.object_store import Bucket, ObjectStore, key_of, new_bucket

TIMEOUT = "1"


@pytest.fixture(scope="module")
def shared_bucket(s3: ObjectStore) -> Iterator[Bucket]:
    bucket = new_bucket(s3)
    yield bucket
    bucket.remove()


@pytest.fixture(scope="module")
def shared_store(s3: ObjectStore) -> Iterator[FaultyStore]:
    faulty = FaultyStore(s3.host).start()
    yield faulty
    faulty.stop()


@pytest.fixture
def store(shared_store: FaultyStore) -> FaultyStore:
    """The proxy between registry and S3, without a fault so far."""
    shared_store.fault = Fault()
    shared_store.seen.clear()
    return shared_store


@pytest.fixture(scope="module")
def registry(
    tmp_path_factory: pytest.TempPathFactory, shared_bucket: Bucket, shared_store: FaultyStore
) -> Iterator[Registry]:
    """A registry that reaches its bucket through the proxy."""
    folder = tmp_path_factory.mktemp("faults") / "registry"
    shared = Registry(folder, settings=through(shared_store, shared_bucket)).start()
    yield shared
    kill(shared)


def through(store: FaultyStore, bucket: Bucket) -> dict[str, str]:
    return bucket.settings(MLP_REGISTRY_S3_ENDPOINT=store.url, MLP_REGISTRY_S3_TIMEOUT_SECONDS=TIMEOUT)


def becomes_ready(http: httpx.Client, seconds: float = 10) -> None:
    """Ten seconds are what the registry promises."""
    deadline = time.monotonic() + seconds
    while (answer := http.get("/ready")).status_code != 200:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)


def check_refused(http: httpx.Client, registry: Registry, name: str, sample: Sample, wanted: tuple[int, str]) -> str:
    """Try to push: it is refused for now, and nothing of it is left."""
    upload = announce(http, name, sample).json()["id"]
    answer = put(http, name, upload, sample.onnx)
    assert (answer.status_code, code_of(answer)) == wanted
    assert int(answer.headers["retry-after"]) > 0
    assert http.get(f"/models/{name}").status_code == 404
    assert not list((registry.data / "incoming").iterdir())
    return str(upload)


NO_ROOM = (507, "insufficient_storage")
DOWN = (503, "storage_unavailable")
FAULTS = {
    "refused": ("", DOWN),
    "cut": ("cut", DOWN),
    "silent": ("silent", DOWN),
    "broken": ("500 InternalError", DOWN),
    "overloaded": ("503 SlowDown", DOWN),
    "denied": ("403 AccessDenied", DOWN),
    "full": ("507 XMinioStorageFull", NO_ROOM),
    "quota": ("403 QuotaExceeded", NO_ROOM),
}


def test_a_store_that_fails_leaves_nothing_and_is_got_over(registry, http, client, store: FaultyStore) -> None:
    kept = linear_model(100)
    client.push("kept", kept.manifest, kept.onnx)
    for number, (name, (kind, wanted)) in enumerate(FAULTS.items(), start=101):
        sample = linear_model(number)
        if kind:
            store.fault = Fault(kind)
        else:
            store.stop()
        upload = check_refused(http, registry, name, sample, wanted)
        ready = http.get("/ready")
        assert (ready.status_code, code_of(ready)) in {DOWN, NO_ROOM}, name
        assert http.get("/health").status_code == 200
        assert http.get("/models/kept/versions/1").status_code == 200
        assert http.get("/models/kept/versions/1/artifact").status_code in (503, 507), name
        store.fault = Fault()
        if not kind:
            store.start()
        becomes_ready(http)
        assert put(http, name, upload, sample.onnx).status_code == 201
        assert http.get("/models/kept/versions/1/artifact").content == kept.onnx
    assert not [line for line in registry.log_lines() if "traceback" in line]


def test_keys_that_may_only_read_make_the_registry_unready_until_they_may_write(registry, http, store) -> None:
    sample = linear_model(2)
    store.fault = Fault("403 AccessDenied", methods=("PUT", "POST"))
    upload = check_refused(http, registry, "unwritable", sample, DOWN)
    assert http.get("/ready").status_code == 503
    store.fault = Fault()
    becomes_ready(http)
    assert put(http, "unwritable", upload, sample.onnx).status_code == 201


def test_a_large_model_goes_in_parts_and_one_that_fails_leaves_no_object(registry, http, store, shared_bucket) -> None:
    sample = linear_model(3, padding=20_000_000)
    store.fault = Fault("500 InternalError", methods=("PUT",), path="partNumber=3")
    upload = check_refused(http, registry, "large", sample, DOWN)
    objects = shared_bucket.keys()
    assert key_of(sample.request.sha256) not in objects
    begun = [seen for seen in store.seen if seen.method == "POST" and "uploads" in seen.path]
    aborted = [seen for seen in store.seen if seen.method == "DELETE" and "uploadId" in seen.path]
    assert len(begun) == len(aborted) == 1
    store.fault = Fault()
    assert put(http, "large", upload, sample.onnx).status_code == 201
    assert http.get("/models/large/versions/1/artifact").content == sample.onnx
    assert shared_bucket.get(key_of(sample.request.sha256)) == sample.onnx


def test_a_changed_blob_is_not_delivered_and_a_push_repairs_it(registry, http, client, shared_bucket: Bucket) -> None:
    sample = linear_model(4, padding=400_000)
    key = key_of(sample.request.sha256)
    changed = sample.onnx[:-1] + bytes([sample.onnx[-1] ^ 1])
    url = "/models/changed/versions/1/artifact"
    client.push("changed", sample.manifest, sample.onnx)
    for look_before in (False, True):
        if look_before:
            assert http.get(url).content == sample.onnx
        shared_bucket.put(key, changed)
        for headers in ({}, {"Range": "bytes=0-9"}):
            answer = http.get(url, headers=headers)
            assert (answer.status_code, code_of(answer)) == (502, "artifact_corrupt")
        assert not client.push("changed", sample.manifest, sample.onnx).created
        assert http.get(url).content == sample.onnx
    shared_bucket.s3.admin().remove_object(shared_bucket.name, key)
    answer = http.get(url)
    assert (answer.status_code, code_of(answer)) == (502, "artifact_corrupt")
    client.push("changed", sample.manifest, sample.onnx)
    assert http.get(url).content == sample.onnx


def test_bytes_that_change_under_a_known_etag_never_arrive_whole(registry, http, client, store, tmp_path: Path) -> None:
    sample = linear_model(5, padding=900_000)
    version = client.push("rotten", sample.manifest, sample.onnx).version
    client.download(version, tmp_path / "whole.onnx")
    store.fault = Fault("flipped", methods=("GET",), path="sha256")
    with pytest.raises(Unavailable) as broken:
        client.download(version, tmp_path / "model.onnx")
    assert broken.value.code == "connection_lost"
    with pytest.raises(Failed) as corrupt:
        client.download(version, tmp_path / "model.onnx")
    assert corrupt.value.code == "artifact_corrupt"
    store.fault = Fault()
    client.download(version, tmp_path / "model.onnx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.onnx", "whole.onnx"]
    assert not [line for line in registry.log_lines() if "traceback" in line]


def test_an_answer_that_is_torn_is_no_model(http, client, store: FaultyStore, tmp_path: Path) -> None:
    sample = linear_model(6, padding=900_000)
    version = client.push("torn", sample.manifest, sample.onnx).version
    torn = Fault("torn", methods=("GET",), path="sha256")
    store.fault = torn
    answer = http.get("/models/torn/versions/1/artifact")
    assert (answer.status_code, code_of(answer)) == DOWN
    store.fault = Fault()
    client.download(version, tmp_path / "model.onnx")
    store.fault = torn
    with pytest.raises(Unavailable):
        client.download(version, tmp_path / "torn.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


def test_a_slow_store_is_waited_for_and_keeps_nobody_else_waiting(registry, http, client, store: FaultyStore) -> None:
    slow, quick = linear_model(11, padding=400_000), linear_model(12)
    client.push("slow", slow.manifest, slow.onnx)
    client.push("quick", quick.manifest, quick.onnx)
    store.fault = Fault("slow", methods=("GET",), path=slow.request.sha256)
    with ThreadPoolExecutor(1) as pool, registry.http() as other:
        reading = pool.submit(http.get, "/models/slow/versions/1/artifact")
        served = 0
        while not reading.done():
            assert other.get("/ready").status_code == 200
            assert other.get("/models/quick/versions/1/artifact").content == quick.onnx
            served += 1
        assert served > 1
        assert reading.result().content == slow.onnx


def test_no_secret_reaches_log_or_metrics(registry, http, client, store, shared_bucket: Bucket) -> None:
    sample = linear_model(7)
    client.push("secret", sample.manifest, sample.onnx)
    link = http.get("/models/secret/versions/1/artifact?redirect=1").headers["location"]
    store.fault = Fault("500 InternalError")
    http.get("/ready")
    http.get("/models/secret/versions/1/artifact")
    signature = re.search(r"X-Amz-Signature=(\w+)", link).group(1)
    for text in (registry.log(), http.get("/metrics").text):
        assert shared_bucket.s3.secret_key not in text
        assert signature not in text


def test_the_store_is_measured(http, client, store: FaultyStore) -> None:
    def value(series: str) -> float:
        lines = [line for line in http.get("/metrics").text.splitlines() if line.startswith(series + " ")]
        return float(lines[0].split()[-1]) if lines else 0.0

    counted = {
        "mlp_registry_store_put_bytes_total": 0,
        "mlp_registry_store_read_bytes_total": 0,
        'mlp_registry_store_seconds_count{operation="put"}': 1,
        'mlp_registry_store_failures_total{code="storage_unavailable",operation="open"}': 1,
    }
    before = {series: value(series) for series in counted}
    sample = linear_model(8)
    client.push("measured", sample.manifest, sample.onnx)
    http.get("/models/measured/versions/1/artifact").raise_for_status()
    store.fault = Fault("500 InternalError")
    http.get("/models/measured/versions/1/artifact")
    for series, more in counted.items():
        assert value(series) == before[series] + (more or len(sample.onnx)), series


def test_a_bucket_that_vanishes_is_not_made_anew_behind_the_back(registry, http, client, store, shared_bucket) -> None:
    kept, sample = linear_model(9), linear_model(10)
    client.push("stayed", kept.manifest, kept.onnx)
    shared_bucket.remove()
    ready = http.get("/ready")
    assert (ready.status_code, code_of(ready)) == DOWN
    download = http.get("/models/stayed/versions/1/artifact")
    assert (download.status_code, code_of(download)) == DOWN
    upload = check_refused(http, registry, "homeless", sample, DOWN)
    assert not shared_bucket.s3.admin().bucket_exists(shared_bucket.name)
    shared_bucket.s3.admin().make_bucket(shared_bucket.name)
    becomes_ready(http)
    assert put(http, "homeless", upload, sample.onnx).status_code == 201


def test_it_starts_before_its_store_and_survives_a_kill_while_it_keeps_a_blob(make_registry: Any, bucket, s3) -> None:
    store = FaultyStore(s3.host).start()
    store.stop()
    registry: Registry = make_registry(settings=through(store, bucket)).start()
    sample = linear_model()

    def kill_it(method: str, path: str) -> None:
        if method == "PUT" and sample.request.sha256 in path:
            os.kill(registry.process.pid, signal.SIGKILL)

    with registry.http() as http:
        assert http.get("/health").status_code == 200
        assert http.get("/ready").status_code == 503
        assert not s3.admin().bucket_exists(bucket.name)
        store.start()
        becomes_ready(http)
        upload = announce(http, "iris", sample).json()["id"]
        store.on_request = kill_it
        with pytest.raises(httpx.HTTPError):
            put(http, "iris", upload, sample.onnx)
    assert registry.process.wait(10) == -signal.SIGKILL
    store.on_request = lambda _method, _path: None
    registry.start()
    with registry.http() as http:
        assert http.get("/models/iris").status_code == 404
        assert put(http, "iris", upload, sample.onnx).status_code == 201
        assert http.get("/models/iris/versions/1/artifact").content == sample.onnx
    store.stop()


def test_a_bucket_that_it_may_not_make_ends_the_start_with_3(make_registry: Any, bucket: Bucket, store) -> None:
    store.fault = Fault("403 AccessDenied", methods=("PUT",))
    registry: Registry = make_registry(settings=through(store, bucket))
    assert registry.launch() == 3
    last = registry.log_lines()[-1]
    assert last["code"] == "bucket_missing"
    assert bucket.name in last["message"]
