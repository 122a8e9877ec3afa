"""What every ArtifactStore does, whatever it keeps its blobs on."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mlp.errors import Failed, Unavailable
from mlp.registry.settings import Settings
from mlp.registry.store.base import ArtifactStore, Blob, storage_failure
from mlp.registry.store.files import FileStore
from mlp.registry.store.s3 import S3Store
from tests.object_store import Bucket

BLOB = bytes(range(256)) * 5_000
SHA256 = hashlib.sha256(BLOB).hexdigest()


@pytest.fixture(params=["files", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    if request.param == "s3":
        store: ArtifactStore = S3Store(settings_of(request.getfixturevalue("bucket"), tmp_path))
    else:
        root = tmp_path / "blobs"
        root.mkdir()
        store = FileStore(root)
    asyncio.run(store.prepare())
    return store


def settings_of(bucket: Bucket, folder: Path, **changes: Any) -> Settings:
    return Settings(
        data=folder,
        store=f"s3://{bucket.name}",
        s3_endpoint=bucket.s3.endpoint,
        s3_access_key=bucket.s3.access_key,
        s3_secret_key=bucket.s3.secret_key,
        **changes,
    )


@pytest.fixture
def source(tmp_path: Path) -> Callable[[], Path]:
    """Make a file that holds the blob."""
    count = 0

    def make() -> Path:
        nonlocal count
        count += 1
        path = tmp_path / f"source-{count}"
        path.write_bytes(BLOB)
        return path

    return make


async def read(store: ArtifactStore, sha256: str = SHA256, **span: int) -> bytes:
    async with aclosing(await store.open(sha256, **span)) as pieces:
        return b"".join([piece async for piece in pieces])


def test_a_blob_that_was_put_can_be_read(store: ArtifactStore, source: Callable[[], Path]) -> None:
    async def exchange() -> None:
        await store.put(SHA256, source())
        assert await read(store) == BLOB
        assert await read(store) == BLOB

    asyncio.run(exchange())


def test_a_blob_can_be_put_again_while_it_is_read(store: ArtifactStore, source: Callable[[], Path]) -> None:
    async def exchange() -> None:
        await store.put(SHA256, source())
        async with aclosing(await store.open(SHA256)) as pieces:
            await asyncio.gather(*(store.put(SHA256, source()) for _ in range(4)))
            assert b"".join([piece async for piece in pieces]) == BLOB
        assert await read(store) == BLOB

    asyncio.run(exchange())


def test_a_blob_that_is_not_there_is_told_from_a_store_that_does_not_work(store: ArtifactStore) -> None:
    with pytest.raises(Failed) as refusal:
        asyncio.run(store.open(SHA256))
    assert refusal.value.code == "artifact_corrupt"


def test_a_blob_with_other_bytes_than_its_name_says_is_never_read(store: ArtifactStore, source) -> None:
    other = hashlib.sha256(b"other").hexdigest()

    async def exchange() -> None:
        await store.put(other, source())
        await store.open(other)

    with pytest.raises(Failed) as refusal:
        asyncio.run(exchange())
    assert refusal.value.code == "artifact_corrupt"


def test_a_deleted_blob_is_gone_and_can_be_deleted_again(store: ArtifactStore, source: Callable[[], Path]) -> None:
    async def exchange() -> None:
        await store.put(SHA256, source())
        await store.delete(SHA256)
        await store.delete(SHA256)
        await store.open(SHA256)

    with pytest.raises(Failed):
        asyncio.run(exchange())


@pytest.mark.parametrize(("start", "length"), [(0, 1), (0, len(BLOB)), (1_000_000, 200_000), (len(BLOB) - 1, 1)])
def test_a_part_of_a_blob_can_be_read(store: ArtifactStore, source, start: int, length: int) -> None:
    async def exchange() -> bytes:
        await store.put(SHA256, source())
        return await read(store, start=start, length=length)

    assert asyncio.run(exchange()) == BLOB[start : start + length]


def test_blobs_are_listed_with_size_and_age(store: ArtifactStore, source, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"other")
    names = {SHA256: len(BLOB), hashlib.sha256(b"other").hexdigest(): 5}

    async def exchange() -> tuple[list[Blob], list[Blob]]:
        before = [blob async for blob in store.blobs()]
        for sha256, path in zip(names, (source(), other), strict=True):
            os.utime(path, (0, 0))
            await store.put(sha256, path)
        return before, [blob async for blob in store.blobs()]

    before, after = asyncio.run(exchange())
    assert before == []
    assert {blob.sha256: blob.size for blob in after} == names
    for blob in after:
        assert abs(datetime.now(UTC) - blob.modified) < timedelta(minutes=1)


def test_a_store_that_works_says_so(store: ArtifactStore) -> None:
    asyncio.run(store.check())


def test_a_store_that_does_not_work_is_unavailable(tmp_path: Path, source: Callable[[], Path]) -> None:
    broken = FileStore(source())  # a file where the folder should be
    for attempt in (broken.put(SHA256, source()), broken.open(SHA256), broken.delete(SHA256), broken.check()):
        with pytest.raises(Unavailable) as refusal:
            asyncio.run(attempt)
        assert refusal.value.code == "storage_unavailable"
        assert str(tmp_path) not in refusal.value.message


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_room_is_told_from_other_failures(number: int) -> None:
    assert storage_failure(OSError(number, "no room")).code == "insufficient_storage"
