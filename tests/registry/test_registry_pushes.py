"""Pushing: what becomes a version, under which number, and what does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from databases import ON_BOTH_DATABASES
from registry_process import Registry
from sample_models import Sample, announce, code_of, linear_model, put

from mlp.client.http import error_of
from mlp.client.registry import RegistryClient
from mlp.errors import Conflict, Invalid, TooLarge, Unproved

pytestmark = ON_BOTH_DATABASES

WRITERS = 8


def blobs_of(registry: Registry) -> list[Path]:
    return [path for path in (registry.data / "blobs").rglob("*") if path.is_file()]


def test_a_pushed_model_becomes_version_1_with_all_that_was_said_about_it(client: RegistryClient) -> None:
    sample = linear_model(1.5)
    manifest = sample.manifest.model_copy(update={"metrics": {"r2": 0.5}, "tags": {"team": "risk"}})
    sent: list[int] = []
    pushed = client.push("first", manifest, sample.onnx, progress=sent.append)
    assert pushed.created
    assert str(pushed.version.ref) == "first:1"
    assert pushed.version.signature == manifest.signature
    assert pushed.version.receipt == manifest.receipt
    assert (pushed.version.metrics, pushed.version.tags) == ({"r2": 0.5}, {"team": "risk"})
    assert sent[-1] == len(sample.onnx) == pushed.version.size
    assert client.version("first", 1) == pushed.version
    assert client.model("first").latest_version == 1


def test_a_file_can_be_pushed_in_place_of_bytes(client: RegistryClient, tmp_path: Path) -> None:
    sample = linear_model(1.25, padding=1_000_000)
    file = tmp_path / "model.onnx"
    file.write_bytes(sample.onnx)
    assert client.push("from-file", sample.manifest, file).version.size == len(sample.onnx)


def test_the_same_digest_again_finds_the_version_and_wants_no_bytes(client: RegistryClient, http: httpx.Client) -> None:
    sample = linear_model(3)
    first = client.push("same", sample.manifest, sample.onnx)
    again = announce(http, "same", sample)
    assert again.status_code == 200
    assert again.json()["version"]["version"] == 1
    found = client.push("same", sample.manifest, sample.onnx)
    assert (found.created, found.version) == (False, first.version)


def test_other_words_about_the_same_model_are_no_new_version(client: RegistryClient) -> None:
    sample = linear_model(3.5)
    client.push("words", sample.manifest, sample.onnx)
    renamed = sample.manifest.model_copy(update={"description": "another sentence"})
    assert not client.push("words", renamed, sample.onnx).created


def test_a_key_used_again_finds_its_upload_and_refuses_another_request(http: httpx.Client) -> None:
    sample, other = linear_model(4), linear_model(5)
    first = announce(http, "keyed", sample, **{"Idempotency-Key": "k1"})
    again = announce(http, "keyed", sample, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    refused = announce(http, "keyed", other, **{"Idempotency-Key": "k1"})
    assert refused.status_code == 409
    assert code_of(refused) == "key_reused"


def test_a_push_whose_answer_was_lost_can_be_repeated_at_every_step(http: httpx.Client) -> None:
    sample = linear_model(6)
    upload = announce(http, "lost", sample, **{"Idempotency-Key": "k"}).json()["id"]
    made = put(http, "lost", upload, sample.onnx)
    assert made.status_code == 201
    repeated = put(http, "lost", upload, sample.onnx)
    assert (repeated.status_code, repeated.json()) == (200, made.json())
    announced = announce(http, "lost", sample, **{"Idempotency-Key": "k"})
    assert (announced.status_code, announced.json()["version"]) == (200, made.json())
    assert http.get("/models/lost/versions").json()["items"][0]["version"] == 1


def test_an_announced_upload_is_in_no_list_before_it_is_a_version(http: httpx.Client) -> None:
    announce(http, "unfinished", linear_model(7))
    assert code_of(http.get("/models/unfinished")) == "model_not_found"
    assert "unfinished" not in [model["name"] for model in http.get("/models").json()["items"]]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (lambda body: bytes([body[0], body[1] ^ 1]) + body[2:], 422, "digest_mismatch"),
        (lambda body: body[:-1], 422, "digest_mismatch"),
        (lambda body: body + b"x", 413, "payload_too_large"),
        (lambda body: b"", 422, "digest_mismatch"),
    ],
    ids=["another byte", "too short", "too long", "nothing"],
)
def test_bytes_other_than_announced_are_no_version(registry: Registry, http, change, status: int, code: str) -> None:
    sample = linear_model(8)
    upload = announce(http, "other-bytes", sample).json()["id"]
    answer = put(http, "other-bytes", upload, change(sample.onnx))
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert http.get("/models/other-bytes").status_code == 404
    assert not list((registry.data / "incoming").iterdir())
    assert put(http, "other-bytes", upload, sample.onnx).status_code == 201
    assert http.delete("/models/other-bytes").status_code == 204


def test_an_upload_belongs_to_its_model(http: httpx.Client) -> None:
    sample = linear_model(9)
    upload = announce(http, "mine", sample).json()["id"]
    assert code_of(put(http, "yours", upload, sample.onnx)) == "upload_not_found"
    assert code_of(put(http, "mine", "0" * 32, sample.onnx)) == "upload_not_found"


def test_a_model_that_fails_its_golden_rows_is_refused_and_leaves_nothing(
    registry: Registry, client: RegistryClient
) -> None:
    sample, liar = linear_model(10), linear_model(11)
    before = blobs_of(registry)
    with pytest.raises(Unproved) as refusal:
        client.push("liar", liar.manifest, sample.onnx)
    assert refusal.value.code == "golden_rows_failed"
    assert blobs_of(registry) == before
    assert not list((registry.data / "incoming").iterdir())


def test_a_model_larger_than_the_limit_is_refused_before_it_is_sent(make_registry) -> None:
    registry = make_registry(settings={"MLP_REGISTRY_MAX_MODEL_BYTES": "1000"}).start()
    sample = linear_model(12, padding=2_000)
    with registry.client() as client, pytest.raises(TooLarge):
        client.push("large", sample.manifest, sample.onnx)


@pytest.mark.parametrize("each", [4, pytest.param(50, marks=[pytest.mark.soak, pytest.mark.timeout(600)])])
def test_numbers_have_no_gap_and_no_duplicate_under_8_writers(make_registry, each: int) -> None:
    registry = make_registry().start()

    def push_many(writer: int) -> list[int]:
        with registry.client() as client:
            samples = (linear_model(1 + writer * each + turn) for turn in range(each))
            return [client.push("busy", sample.manifest, sample.onnx).version.version for sample in samples]

    with ThreadPoolExecutor(WRITERS) as writers:
        numbers = [number for made in writers.map(push_many, range(WRITERS)) for number in made]
    assert sorted(numbers) == list(range(1, WRITERS * each + 1))
    assert registry.numbers("busy", limit=1_000) == sorted(numbers, reverse=True)
    answers = [line for line in registry.log_lines() if line["message"] == "request"]
    assert not [line for line in answers if line["status"] >= 400]


def test_one_model_pushed_by_8_writers_at_once_is_one_version(registry: Registry) -> None:
    sample = linear_model(13)

    def push(_: int) -> tuple[int, bool]:
        with registry.client() as client:
            pushed = client.push("race", sample.manifest, sample.onnx)
            return pushed.version.version, pushed.created

    with ThreadPoolExecutor(WRITERS) as writers:
        results = list(writers.map(push, range(WRITERS)))
    assert {number for number, _ in results} == {1}
    assert [created for _, created in results].count(True) == 1


def test_a_model_created_by_8_writers_at_once_is_created_once(registry: Registry) -> None:
    def create(_: int) -> int:
        with registry.http() as http:
            return http.post("/models", json={"name": "created-once"}).status_code

    with ThreadPoolExecutor(WRITERS) as writers:
        assert sorted(writers.map(create, range(WRITERS))) == [201] + [409] * (WRITERS - 1)


def test_a_number_is_never_given_twice(client: RegistryClient, http: httpx.Client) -> None:
    first, second = linear_model(14), linear_model(15)
    client.push("counted", first.manifest, first.onnx)
    client.push("counted", second.manifest, second.onnx)
    assert http.delete("/models/counted/versions/2").status_code == 204
    assert client.push("counted", second.manifest, second.onnx).version.version == 3
    assert http.delete("/models/counted").status_code == 204
    assert code_of(http.get("/models/counted/versions/3")) == "model_not_found"
    assert client.push("counted", first.manifest, first.onnx).version.version == 4


def test_pushing_a_damaged_model_again_repairs_it(registry: Registry, client: RegistryClient, http) -> None:
    sample = linear_model(16)
    made = client.push("repaired", sample.manifest, sample.onnx).version
    blob = registry.data / "blobs" / "sha256" / made.sha256[:2] / made.sha256
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    assert http.get("/models/repaired/versions/1/artifact").status_code == 502
    again = client.push("repaired", sample.manifest, sample.onnx)
    assert (again.created, again.version) == (False, made)
    assert http.get("/models/repaired/versions/1/artifact").content == sample.onnx


def test_what_another_model_has_is_a_version_at_once(client: RegistryClient, http: httpx.Client) -> None:
    """The same bytes with the same receipt were judged before: nothing is sent."""
    sample = linear_model(17)
    original = client.push("original", sample.manifest, sample.onnx).version
    first, again = announce(http, "copy", sample), announce(http, "copy", sample)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["version"] == again.json()["version"] == http.get("/models/copy/versions/1").json()
    assert first.json()["version"]["digest"] == original.digest
    assert http.get("/models/copy/versions/1/artifact").content == sample.onnx
    assert [event["action"] for event in http.get("/events?model=copy").json()["items"]] == ["version.created"]
    other = client.push("other-copy", sample.manifest, sample.onnx)
    assert (other.created, other.version.version) == (True, 1)


def test_what_another_model_has_pushed_by_8_writers_at_once_is_one_version(registry: Registry, http) -> None:
    original, sample = linear_model(21), linear_model(22)
    with registry.client() as client:
        client.push("raced-for", sample.manifest, sample.onnx)
        client.push("racing", original.manifest, original.onnx)

    def push(_: int) -> tuple[int, bool]:
        with registry.client() as client:
            pushed = client.push("racing", sample.manifest, sample.onnx)
            return pushed.version.version, pushed.created

    with ThreadPoolExecutor(WRITERS) as writers:
        results = list(writers.map(push, range(WRITERS)))
    assert sorted(results) == [(2, False)] * (WRITERS - 1) + [(2, True)]
    events = http.get("/events?model=racing").json()["items"]
    assert [event["version"] for event in events] == [2, 1]
    assert events[0]["details"] == {
        "digest": http.get("/models/racing/versions/2").json()["digest"],
        "size": len(sample.onnx),
    }


def test_what_was_not_judged_or_is_damaged_is_sent(registry: Registry, client: RegistryClient, http) -> None:
    sample, liar = linear_model(18), linear_model(19)
    made = client.push("judged", sample.manifest, sample.onnx).version
    assert announce(http, "unjudged", Sample(sample.onnx, liar.manifest)).json()["version"] is None
    blob = registry.data / "blobs" / "sha256" / made.sha256[:2] / made.sha256
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    assert announce(http, "damaged", sample).json()["version"] is None
    assert client.push("damaged", sample.manifest, sample.onnx).created
    assert http.get("/models/judged/versions/1/artifact").content == sample.onnx


def test_a_name_that_is_none_never_leaves_the_client(client: RegistryClient) -> None:
    with pytest.raises(Invalid) as refusal:
        client.model("../models")
    assert refusal.value.code == "invalid_name"


def test_what_the_registry_says_is_an_error_of_ours(client: RegistryClient, http: httpx.Client) -> None:
    http.post("/models", json={"name": "twice"}).raise_for_status()
    answer = http.post("/models", json={"name": "twice"})
    assert code_of(answer) == "model_exists"
    assert isinstance(error_of(answer), Conflict)
