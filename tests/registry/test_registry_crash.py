"""kill -9 at every step of a push: afterwards the version is absent or complete, and the push can be repeated."""

from __future__ import annotations

import signal
from functools import partial
from typing import Any

import httpx
import pytest
from databases import ON_BOTH_DATABASES
from dying_registry import COLLECTING, STEPS, run_until
from registry_process import Registry
from sample_models import Sample, announce, linear_model, put

pytestmark = ON_BOTH_DATABASES


def check_whole(registry: Registry, name: str) -> list[int]:
    """Return a model's versions, after each has been downloaded and its digest verified."""
    with registry.client() as client, registry.http() as http:
        if http.get(f"/models/{name}").status_code == 404:
            return []
        versions = [client.version(name, number) for number in registry.numbers(name)]
        for version in versions:
            client.download(version, registry.data.parent / "downloaded.onnx")
    return [version.version for version in versions]


def test_a_registry_killed_at_any_step_left_all_or_nothing(make_registry: Any) -> None:
    """One data folder and one model a step; the registry that is to die at a step looks at what the one before left."""
    uploads: dict[str, str] = {}
    for number, step in enumerate(STEPS):
        dying = make_registry(program=partial(run_until, step)).start()
        check_left(dying, uploads)
        name, sample = f"model-{number}", linear_model(number + 1)
        with dying.http() as http:
            uploads[name] = announce(http, name, sample, **{"Idempotency-Key": "k"}).json()["id"]
            with pytest.raises(httpx.HTTPError):
                put(http, name, uploads[name], sample.onnx)
        assert dying.process.wait(10) == -signal.SIGKILL
    registry = make_registry().start()
    check_left(registry, uploads)
    with registry.http() as http:
        for number, name in enumerate(uploads):
            sample = linear_model(number + 1)
            assert announce(http, name, sample, **{"Idempotency-Key": "k"}).json()["id"] == uploads[name]
            repeated = put(http, name, uploads[name], sample.onnx)
            assert repeated.status_code == (200 if STEPS[number] == "committed" else 201)
            assert check_whole(registry, name) == [1]


def check_left(registry: Registry, uploads: dict[str, str]) -> None:
    assert not list((registry.data / "incoming").iterdir())
    for step, name in zip(STEPS, uploads, strict=False):
        assert check_whole(registry, name) == ([1] if step == "committed" else [])


def test_a_registry_killed_within_a_collection_left_nothing_half(make_registry: Any) -> None:
    """The blobs of deleted versions go, whenever collections died; that of another version stays."""
    kept = linear_model(100)
    everything = {"dry_run": False, "grace_seconds": 0}
    for number, step in enumerate(COLLECTING, start=1):
        dying = make_registry(program=partial(run_until, step)).start()
        sample = linear_model(number)
        with dying.client() as client, dying.http() as http:
            client.push("kept", kept.manifest, kept.onnx)
            client.push("deleted", sample.manifest, sample.onnx)
            http.delete("/models/deleted").raise_for_status()
            with pytest.raises(httpx.HTTPError):
                http.post("/gc", json=everything)
        assert dying.process.wait(10) == -signal.SIGKILL
    registry = make_registry().start()
    with registry.client() as client, registry.http() as http:
        # The first one died before its blob went, the second one after one of two had gone.
        report = http.post("/gc", json=everything).json()
        assert (report["unused_count"], report["damaged"]) == (1, [])
        assert http.post("/gc", json=everything).json()["unused_count"] == 0
        assert check_whole(registry, "kept") == [1]
        assert client.push("deleted", sample.manifest, sample.onnx).version.version == 3
        assert check_whole(registry, "deleted") == [3]


def test_a_registry_killed_within_an_upload_forgets_its_bytes(make_registry: Any) -> None:
    registry: Registry = make_registry().start()
    for number, share in enumerate((0.1, 0.99), start=1):
        sample = linear_model(number, padding=4_000_000)
        kill_at(registry, sample, int(len(sample.onnx) * share))
        registry.start()
        assert not list((registry.data / "incoming").iterdir())
        assert check_whole(registry, "iris") == list(range(number - 1, 0, -1))
        with registry.client() as client:
            assert client.push("iris", sample.manifest, sample.onnx).version.version == number


def kill_at(registry: Registry, sample: Sample, sent: int) -> None:
    def body() -> Any:
        for start in range(0, len(sample.onnx), 65_536):
            if start >= sent and registry.process.poll() is None:
                assert registry.stop(signal.SIGKILL) == -signal.SIGKILL
            yield sample.onnx[start : start + 65_536]

    with registry.http() as http:
        upload = announce(http, "iris", sample).json()["id"]
        with pytest.raises(httpx.HTTPError):
            put(http, "iris", upload, body())


def test_a_push_survives_a_restart_of_the_registry(make_registry: Any) -> None:
    """The client tries again by itself, on the same port, and is counted once."""
    first: Registry = make_registry().start()
    sample = linear_model(1, padding=2_000_000)
    restarted: list[Registry] = []

    def restart(_: int) -> None:
        if not restarted:
            first.stop(signal.SIGKILL)
            first.settings["MLP_REGISTRY_PORT"] = str(first.port())
            restarted.append(first.start())

    with first.client() as client:
        pushed = client.push("iris", sample.manifest, sample.onnx, progress=restart)
    assert restarted
    assert pushed.version.version == 1
    assert check_whole(first, "iris") == [1]
