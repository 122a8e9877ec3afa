"""Model servers fetch from the object store itself, without their token; if it is out of reach, from the registry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from guarded_registry import READ, guarded, http_as
from registry_process import Registry, kill
from sample_models import Sample, linear_model

from mlp.api.model import ModelVersion
from mlp.client.registry import RegistryClient
from mlp.errors import Failed
from tests.faulty_store import Fault, FaultyStore
from tests.object_store import Bucket, ObjectStore, key_of, new_bucket

URL = "/models/iris/versions/1/artifact"


@pytest.fixture(scope="module")
def bucket(s3: ObjectStore) -> Iterator[Bucket]:
    bucket = new_bucket(s3)
    yield bucket
    bucket.remove()


@pytest.fixture(scope="module")
def public_store(s3: ObjectStore) -> Iterator[FaultyStore]:
    """The store as pods see it, under another address than the registry does."""
    faulty = FaultyStore(s3.host).start()
    yield faulty
    faulty.stop()


@pytest.fixture
def public(public_store: FaultyStore) -> FaultyStore:
    public_store.fault = Fault()
    public_store.seen.clear()
    return public_store


@pytest.fixture(scope="module")
def sample() -> Sample:
    return linear_model(padding=600_000)


@pytest.fixture(scope="module")
def registry(tmp_path_factory, bucket: Bucket, public_store: FaultyStore, sample: Sample) -> Iterator[Registry]:
    """A guarded registry on S3 that holds iris:1."""
    folder = tmp_path_factory.mktemp("redirects")
    registry = guarded(folder, **bucket.settings(MLP_REGISTRY_S3_PUBLIC_ENDPOINT=public_store.url)).start()
    with RegistryClient(registry.url, token_file=folder / "admin.token") as client:
        client.push("iris", sample.manifest, sample.onnx)
    yield registry
    kill(registry)


@pytest.fixture
def client(registry: Registry) -> Iterator[RegistryClient]:
    with RegistryClient(registry.url, token_file=registry.data.parent / "read.token") as client:
        yield client


@pytest.fixture
def version(client: RegistryClient) -> ModelVersion:
    return client.version("iris", 1)


def test_who_asks_is_sent_to_the_store_and_others_get_bytes(registry: Registry, public, sample: Sample) -> None:
    with http_as(registry, READ) as http:
        answer = http.get(URL, params={"redirect": "1"})
        assert answer.status_code == 307
        assert answer.headers["location"].startswith(public.url + "/")
        assert answer.headers["cache-control"] == "no-store"
        assert httpx.get(answer.headers["location"]).content == sample.onnx
        part = httpx.get(answer.headers["location"], headers={"Range": "bytes=0-9"})
        assert (part.status_code, part.content) == (206, sample.onnx[:10])
        assert http.get(URL).content == sample.onnx
        known = http.get(URL, params={"redirect": "1"}, headers={"If-None-Match": f'"{sample.request.sha256}"'})
        assert known.status_code == 304
    with http_as(registry, None) as http:
        assert http.get(URL, params={"redirect": "1"}).status_code == 401


def test_ranges_and_headers_come_from_the_registry_too(registry: Registry, sample: Sample) -> None:
    size = len(sample.onnx)
    with http_as(registry, READ) as http:
        whole = http.get(URL)
        for wanted, part in {
            "bytes=0-9": sample.onnx[:10],
            f"bytes={size - 5}-": sample.onnx[-5:],
            "bytes=-7": sample.onnx[-7:],
            f"bytes=300000-{size}": sample.onnx[300_000:],
        }.items():
            answer = http.get(URL, headers={"Range": wanted, "If-Range": whole.headers["etag"]})
            assert (answer.status_code, answer.content) == (206, part)
            assert answer.headers["content-range"].endswith(f"/{size}")
        beyond = http.get(URL, headers={"Range": f"bytes={size}-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
        head = http.head(URL)
        assert (head.status_code, head.headers["content-length"], head.content) == (200, str(size), b"")
        assert head.headers["etag"] == whole.headers["etag"]


def test_the_token_stays_with_the_registry(client, version, public, sample: Sample, tmp_path: Path) -> None:
    client.download(version, tmp_path / "model.onnx", direct=True)
    assert (tmp_path / "model.onnx").read_bytes() == sample.onnx
    assert [seen.method for seen in public.seen] == ["GET"]
    told = {name.lower() for name in public.seen[0].headers}
    assert not told & {"authorization", "cookie"}
    assert READ not in str(public.seen[0])


@pytest.mark.parametrize("kind", ["cut", "403 AccessDenied", "503 SlowDown", "torn"])
def test_a_store_out_of_reach_is_replaced_by_the_registry(client, version, public, sample, tmp_path, kind: str) -> None:
    public.fault = Fault(kind)
    client.download(version, tmp_path / "model.onnx", direct=True)
    assert (tmp_path / "model.onnx").read_bytes() == sample.onnx
    assert len(public.seen) == 1


def test_bytes_from_the_store_are_verified_like_all_others(client, version, public, tmp_path: Path) -> None:
    public.fault = Fault("flipped")
    with pytest.raises(Failed) as refusal:
        client.download(version, tmp_path / "model.onnx", direct=True)
    assert refusal.value.code == "artifact_corrupt"
    assert not list(tmp_path.iterdir())


def test_without_links_everyone_gets_bytes(make_registry, bucket: Bucket, sample: Sample) -> None:
    registry = make_registry(settings=bucket.settings(MLP_REGISTRY_S3_LINK_SECONDS="0")).start()
    with registry.http() as http, registry.client() as client:
        client.push("iris", sample.manifest, sample.onnx)
        assert http.get(URL, params={"redirect": "1"}).content == sample.onnx
    assert bucket.get(key_of(sample.request.sha256)) == sample.onnx
