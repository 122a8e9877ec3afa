"""What is S3's own: its keys, its bucket, its links, its settings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from mlp.errors import Failed, Precondition, Unavailable
from mlp.registry.store.s3 import S3Store
from mlp.registry.store.s3_client import clients_for
from tests.faulty_store import Fault, FaultyStore
from tests.object_store import Bucket, ObjectStore, settings_of

SHA256 = "ab" * 32


@pytest.fixture
def proxy(s3: ObjectStore) -> Iterator[FaultyStore]:
    faulty = FaultyStore(s3.host).start()
    yield faulty
    faulty.stop()


@pytest.mark.parametrize(
    ("fault", "made", "code"),
    [
        (Fault("403 AccessDenied", methods=("PUT",)), False, "bucket_missing"),
        (Fault("403 AccessDenied", methods=("PUT",), path="probe"), True, "store_denied"),
        (Fault("403 InvalidAccessKeyId"), True, "store_denied"),
        (Fault("400 AuthorizationHeaderMalformed", methods=("PUT",)), True, "store_denied"),
    ],
)
def test_what_it_may_not_do_is_told_at_the_start(
    tmp_path, bucket: Bucket, proxy, fault: Fault, made: bool, code
) -> None:
    if made:
        bucket.s3.admin().make_bucket(bucket.name)
    proxy.fault = fault
    store = S3Store(settings_of(bucket, tmp_path, s3_endpoint=proxy.url))
    with pytest.raises(Precondition) as refusal:
        asyncio.run(store.prepare())
    assert refusal.value.code == code
    assert bucket.name in refusal.value.message
    proxy.fault = Fault()
    asyncio.run(store.check())


def test_registries_that_make_the_bucket_at_once_all_start(tmp_path: Path, bucket: Bucket) -> None:
    async def start() -> None:
        stores = [S3Store(settings_of(bucket, tmp_path)) for _ in range(3)]
        await asyncio.gather(*(store.prepare() for store in stores))
        await asyncio.gather(*(store.check() for store in stores))

    asyncio.run(start())


def test_the_bytes_of_what_is_no_s3_are_no_blob(tmp_path: Path, bucket: Bucket, proxy: FaultyStore) -> None:
    proxy.fault = Fault("200 Welcome")
    store = S3Store(settings_of(bucket, tmp_path, s3_endpoint=proxy.url))
    with pytest.raises(Failed) as refusal:
        asyncio.run(store.open(SHA256))
    assert refusal.value.code == "artifact_corrupt"


def test_new_keys_in_the_files_are_used_at_once(tmp_path: Path, bucket: Bucket, proxy: FaultyStore) -> None:
    access, secret = tmp_path / "access", tmp_path / "secret"
    secret.write_text(bucket.s3.secret_key)
    access.write_text(bucket.s3.access_key + "\n")
    files = {"s3_access_key_file": access, "s3_secret_key_file": secret}
    without = {"s3_access_key": None, "s3_secret_key": None}
    store = S3Store(settings_of(bucket, tmp_path, s3_endpoint=proxy.url, **files, **without))
    asyncio.run(store.prepare())
    asyncio.run(store.check())
    assert f"Credential={bucket.s3.access_key}/" in proxy.seen[-1].headers["Authorization"]
    access.write_text("another\n")
    proxy.fault = Fault("403 AccessDenied")
    with pytest.raises(Unavailable):
        asyncio.run(store.check())
    assert "Credential=another/" in proxy.seen[-1].headers["Authorization"]
    for broken in (lambda: access.write_text(""), access.unlink):
        broken()
        with pytest.raises(Unavailable) as refusal:
            asyncio.run(store.check())
        assert refusal.value.code == "storage_unavailable"
        assert str(tmp_path) not in refusal.value.message


def test_a_link_leads_to_the_bytes_without_keys_and_under_the_public_name(
    tmp_path: Path, bucket: Bucket, proxy
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"bytes")
    store = S3Store(settings_of(bucket, tmp_path, s3_public_endpoint=proxy.url))

    async def exchange() -> str | None:
        await store.prepare()
        await store.put(SHA256, source)
        return await store.link(SHA256)

    link = asyncio.run(exchange())
    assert link.startswith(proxy.url + "/")
    assert bucket.s3.secret_key not in link
    assert httpx.get(link).content == b"bytes"
    assert asyncio.run(S3Store(settings_of(bucket, tmp_path, s3_link_seconds=0)).link(SHA256)) is None


def test_a_prefix_keeps_registries_in_one_bucket_apart(tmp_path: Path, bucket: Bucket) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"bytes")
    one, other = (S3Store(settings_of(bucket, tmp_path, store=f"s3://{bucket.name}/{prefix}")) for prefix in "ab")

    async def exchange() -> tuple[int, int]:
        await one.prepare()
        await one.put(SHA256, source)
        return len([each async for each in one.blobs()]), len([each async for each in other.blobs()])

    assert asyncio.run(exchange()) == (1, 0)
    assert sorted(bucket.keys()) == ["a/probe", f"a/sha256/ab/{SHA256}"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"store": "s3://"},
        {"store": "s3://Bucket"},
        {"store": "s3://bucket/../other"},
        {"store": "minio"},
        {"s3_endpoint": "minio:9000"},
        {"s3_endpoint": "https://user:secret@minio"},
        {"s3_endpoint": "https://minio/path"},
        {"s3_public_endpoint": "ftp://minio"},
        {"s3_addressing": "dns"},
        {"s3_link_seconds": 8 * 86_400},
        {"s3_access_key_file": "/only/one"},
        {"s3_access_key": None},
        {"s3_timeout_seconds": 0},
    ],
)
def test_wrong_settings_are_refused(tmp_path: Path, bucket: Bucket, wrong: dict[str, Any]) -> None:
    settings_of(bucket, tmp_path)
    with pytest.raises(ValidationError) as refusal:
        settings_of(bucket, tmp_path, **wrong)
    assert bucket.s3.secret_key not in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "host", "virtual"),
    [
        ({"s3_endpoint": None, "s3_region": "eu-west-1"}, "https://s3.eu-west-1.amazonaws.com", True),
        ({"s3_endpoint": None, "s3_addressing": "path"}, "https://s3.us-east-1.amazonaws.com", False),
        ({"s3_endpoint": "https://minio:9000"}, "https://minio:9000", False),
        ({"s3_endpoint": "https://minio:9000/", "s3_addressing": "virtual"}, "https://minio:9000", True),
    ],
)
def test_endpoint_and_addressing_are_those_of_the_settings(tmp_path, bucket: Bucket, given, host: str, virtual) -> None:
    link = clients_for(settings_of(bucket, tmp_path, **given)).links.presigned_get_object(bucket.name, "key")
    scheme, _, name = host.partition("://")
    assert link.startswith(f"{scheme}://{bucket.name}.{name}/key?" if virtual else f"{host}/{bucket.name}/key?")
