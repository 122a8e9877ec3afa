"""One bucket through the SDK, which is synchronous: every call here blocks, and belongs in a thread."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from minio.commonconfig import ENABLED, Filter
from minio.error import MinioException, S3Error
from minio.lifecycleconfig import AbortIncompleteMultipartUpload, LifecycleConfig, Rule
from urllib3.response import BaseHTTPResponse

from mlp.errors import Precondition, Unavailable
from mlp.registry.store.base import Blob, damaged
from mlp.registry.store.s3_client import Clients
from mlp.registry.store.s3_faults import fault_code, is_refusal, translated

log = logging.getLogger(__name__)

PART = 5 * 2**20
"""Bytes of a part of a large upload: the least that S3 takes, because several are in memory at a time."""
_SENDERS = 3
_BLOCK = 2**20
_MADE_BEFORE = frozenset({"BucketAlreadyOwnedByYou"})
_FORBIDDEN = 403


@dataclass(frozen=True)
class Stored:
    """An object on its way out. `etag` names these very bytes: what replaces them has another."""

    response: BaseHTTPResponse
    etag: str

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size`; nothing at the end. Raises Unavailable when the connection breaks."""
        with translated("read"):
            return self.response.read(size)

    def close(self) -> None:
        """Give the connection back, or end it when there is more to read."""
        self.response.close()
        self.response.release_conn()


@dataclass(frozen=True)
class Bucket:
    """The objects `<prefix>sha256/ab/<digest>` of the bucket `name`."""

    clients: Clients
    name: str
    prefix: str
    region: str

    def make(self) -> None:
        """Make the bucket if it is not there, and prove that it can be written to.

        Raises Precondition (`bucket_missing`, `store_denied`), or Unavailable when the store does not answer.
        """
        with translated("make"):
            try:
                if not self._exists():
                    self._create()
                self._write_probe()
            except S3Error as error:
                if not is_refusal(error):
                    raise
                raise Precondition(
                    f"the object store does not let these keys write to bucket {self.name!r}: {error.code}",
                    code="store_denied",
                ) from error

    def look(self, *, write: bool) -> None:
        """Return if the bucket is there, and (`write`) takes an object. Raises Unavailable."""
        with translated("check"):
            if not self.clients.quick.bucket_exists(self.name):
                raise Unavailable("the registry's bucket is gone", code="storage_unavailable")
            if write:
                self._write_probe()

    def put(self, sha256: str, source: Path) -> None:
        """Send a file, in parts if it is large; the store checks a digest of each."""
        with translated("put"), source.open("rb") as file:
            self.clients.bulk.put_object(
                self.name,
                self._key(sha256),
                file,
                source.stat().st_size,
                part_size=PART,
                num_parallel_uploads=_SENDERS,
            )

    def get(self, sha256: str, start: int = 0, length: int | None = None) -> Stored:
        """Ask for an object or a part of it. Raises Failed (`artifact_corrupt`) when it is not there."""
        if length == 0:  # the SDK means everything by that
            raise ValueError("a part has at least one byte")
        with translated("get"):
            response = self.clients.bulk.get_object(self.name, self._key(sha256), start, length or 0)
        return Stored(response, _plain(response.headers.get("ETag")))

    def verify(self, sha256: str) -> str:
        """Read an object to its end and return its etag. Raises Failed (`artifact_corrupt`) for other bytes."""
        found = self.get(sha256)
        digest = hashlib.sha256()
        try:
            while block := found.read(_BLOCK):
                digest.update(block)
        finally:
            found.close()
        if digest.hexdigest() != sha256:
            raise damaged()
        return found.etag

    def delete(self, sha256: str) -> None:
        """Delete an object, which may be gone already."""
        with translated("delete"):
            self.clients.bulk.remove_object(self.name, self._key(sha256))

    def blobs(self) -> Iterator[Blob]:
        """Yield every blob; the store is asked page by page."""
        with translated("list"):
            for found in self.clients.bulk.list_objects(self.name, f"{self.prefix}sha256/", recursive=True):
                if found.object_name is None or found.size is None or found.last_modified is None:
                    continue
                yield Blob(found.object_name.rpartition("/")[2], found.size, found.last_modified)

    def link(self, sha256: str, seconds: int) -> str:
        """Return a URL at which anyone can read the object for a while. Nothing is sent."""
        with translated("link"):
            return self.clients.links.presigned_get_object(
                self.name, self._key(sha256), expires=timedelta(seconds=seconds)
            )

    def _key(self, sha256: str) -> str:
        return f"{self.prefix}sha256/{sha256[:2]}/{sha256}"

    def _exists(self) -> bool:
        try:
            return self.clients.quick.bucket_exists(self.name)
        except S3Error as error:
            if error.response.status != _FORBIDDEN:
                raise
            return True  # keys may write to a bucket that they may not look at; the probe will tell

    def _create(self) -> None:
        try:
            self.clients.bulk.make_bucket(self.name, self.region)
        except S3Error as error:
            if error.code in _MADE_BEFORE:  # another registry came first
                return
            if not is_refusal(error):
                raise
            raise Precondition(
                f"there is no bucket {self.name!r}, and the object store does not let these keys make it: {error.code}",
                code="bucket_missing",
            ) from error
        log.info("bucket made", extra={"fields": {"bucket": self.name}})
        self._drop_unfinished_uploads()

    def _drop_unfinished_uploads(self) -> None:
        """Let the store forget the parts of uploads that never ended: a registry that is killed leaves them."""
        rule = Rule(
            ENABLED,
            rule_filter=Filter(prefix=self.prefix),
            rule_id="mlp-unfinished-uploads",
            abort_incomplete_multipart_upload=AbortIncompleteMultipartUpload(days_after_initiation=1),
        )
        try:
            self.clients.bulk.set_bucket_lifecycle(self.name, LifecycleConfig([rule]))
        except MinioException as error:
            log.warning("unfinished uploads will not expire", extra={"fields": {"fault": fault_code(error)}})

    def _write_probe(self) -> None:
        self.clients.quick.put_object(self.name, f"{self.prefix}probe", io.BytesIO(), 0)


def _plain(etag: str | None) -> str:
    return (etag or "").strip('"')
