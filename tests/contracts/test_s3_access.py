"""Who may read and write: only keys and links that are right. Proved where signatures are checked."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import httpx
import pytest

from mlp.errors import Precondition, Unavailable
from mlp.registry.store.s3 import S3Store
from tests.object_store import Bucket, key_of, settings_of

SHA256 = "ab" * 32
FORGERIES = {
    "another blob": lambda link: link.replace(SHA256, "cd" * 32),
    "another object": lambda link: link.replace(key_of(SHA256), "probe"),
    "another signature": lambda link: re.sub(
        r"(X-Amz-Signature=)(.)", lambda m: m[1] + ("0" if m[2] != "0" else "1"), link
    ),
    "another end": lambda link: re.sub(r"X-Amz-Expires=\d+", "X-Amz-Expires=604800", link),
    "another day": lambda link: re.sub(r"X-Amz-Date=\d{8}", "X-Amz-Date=20990101", link),
    "another signer": lambda link: re.sub(r"X-Amz-Credential=[^%]+", "X-Amz-Credential=somebody", link),
    "no signature": lambda link: link.partition("?")[0],
}


@pytest.fixture(autouse=True)
def _signatures_are_checked(s3) -> None:
    if not s3.checks_access:
        pytest.skip("moto believes every signature; name a real S3 by MLP_TEST_S3_ENDPOINT, _ACCESS_KEY, _SECRET_KEY")


def link_to_a_blob(bucket: Bucket, folder: Path, seconds: int) -> str:
    """Keep two blobs, and return a link to the first."""
    store = S3Store(settings_of(bucket, folder, s3_link_seconds=seconds))

    async def exchange() -> str | None:
        await store.prepare()
        for sha256 in (SHA256, "cd" * 32):
            source = folder / sha256
            source.write_bytes(b"bytes")
            await store.put(sha256, source)
        return await store.link(SHA256)

    link = asyncio.run(exchange())
    assert link is not None
    return link


@pytest.mark.parametrize("wrong", [{"s3_access_key": "nobody-nobody"}, {"s3_secret_key": "wrong-wrong-wrong"}])
@pytest.mark.parametrize("made", [True, False])
def test_wrong_keys_are_told_at_the_start(tmp_path: Path, bucket: Bucket, wrong: dict[str, str], made: bool) -> None:
    if made:
        bucket.s3.admin().make_bucket(bucket.name)
    with pytest.raises(Precondition) as refusal:
        asyncio.run(S3Store(settings_of(bucket, tmp_path, **wrong)).prepare())
    assert refusal.value.code == "store_denied"
    assert bucket.s3.admin().bucket_exists(bucket.name) is made


def test_keys_that_become_wrong_are_an_outage_and_right_ones_its_end(tmp_path: Path, bucket: Bucket) -> None:
    access, secret, source = (tmp_path / name for name in ("access", "secret", "source"))
    access.write_text(bucket.s3.access_key)
    secret.write_text(bucket.s3.secret_key)
    files = {"s3_access_key_file": access, "s3_secret_key_file": secret, "s3_access_key": None, "s3_secret_key": None}
    store = S3Store(settings_of(bucket, tmp_path, **files))
    asyncio.run(store.prepare())
    secret.write_text("not-the-secret-any-more")
    for call in (store.check, lambda: store.put(SHA256, source), lambda: store.open(SHA256)):
        source.write_bytes(b"bytes")
        with pytest.raises(Unavailable) as refusal:
            asyncio.run(call())
        assert refusal.value.code == "storage_unavailable"
    secret.write_text(bucket.s3.secret_key)
    asyncio.run(store.check())
    asyncio.run(store.put(SHA256, source))
    assert bucket.get(key_of(SHA256)) == b"bytes"


def test_the_bucket_that_is_made_is_private(tmp_path: Path, bucket: Bucket) -> None:
    link_to_a_blob(bucket, tmp_path, seconds=60)
    url = f"{bucket.s3.endpoint}/{bucket.name}"
    assert httpx.get(url).status_code == 403
    assert httpx.get(f"{url}/{key_of(SHA256)}").status_code == 403
    assert httpx.put(f"{url}/{key_of(SHA256)}", content=b"other").status_code == 403
    assert httpx.delete(f"{url}/{key_of(SHA256)}").status_code == 403
    assert bucket.get(key_of(SHA256)) == b"bytes"


def test_a_link_ends(tmp_path: Path, bucket: Bucket) -> None:
    link = link_to_a_blob(bucket, tmp_path, seconds=1)
    deadline = time.monotonic() + 30
    while httpx.get(link).status_code != 403:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_link_is_for_one_blob_to_read_and_cannot_be_bent(tmp_path: Path, bucket: Bucket) -> None:
    link = link_to_a_blob(bucket, tmp_path, seconds=60)
    assert httpx.get(link).content == b"bytes"
    for name, forge in FORGERIES.items():
        assert forge(link) != link, name
        assert 400 <= httpx.get(forge(link)).status_code <= 403, name
    for method in ("PUT", "DELETE", "POST"):
        assert 400 <= httpx.request(method, link, content=b"other").status_code <= 405, method
    assert httpx.get(link).content == b"bytes"
