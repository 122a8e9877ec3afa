"""An S3 for tests: the real one that MLP_TEST_S3_* name, or moto's server as a process of its own.

moto believes every signature, so what is about access is proved by a real one only.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minio import Minio
from minio.deleteobjects import DeleteObject

from mlp.registry.settings import Settings

# Two writers of one object break moto's server, so it is given one request at a time.
MOTO = """
import logging, sys, threading
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

moto, turn = DomainDispatcherApplication(create_backend_app), threading.Lock()

def answer(environ, start_response):
    with turn:
        return [b"".join(moto(environ, start_response))]

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", 0, answer, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.port, flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class ObjectStore:
    """Where an S3 listens, and its keys."""

    endpoint: str
    access_key: str
    secret_key: str
    checks_access: bool

    @property
    def host(self) -> str:
        return self.endpoint.partition("://")[2]

    def admin(self) -> Minio:
        secure = self.endpoint.startswith("https://")
        return Minio(
            endpoint=self.host,
            access_key=self.access_key,
            secret_key=self.secret_key,
            secure=secure,
            region="us-east-1",
        )


@dataclass(frozen=True)
class Bucket:
    """A bucket's name, which nobody else uses; the bucket is there when somebody made it."""

    name: str
    s3: ObjectStore

    def settings(self, **changes: str) -> dict[str, str]:
        """The environment of a registry that keeps its blobs here."""
        return {
            "MLP_REGISTRY_STORE": f"s3://{self.name}",
            "MLP_REGISTRY_S3_ENDPOINT": self.s3.endpoint,
            "AWS_ACCESS_KEY_ID": self.s3.access_key,
            "AWS_SECRET_ACCESS_KEY": self.s3.secret_key,
            **changes,
        }

    def put(self, key: str, content: bytes) -> None:
        self.s3.admin().put_object(self.name, key, io.BytesIO(content), len(content))

    def get(self, key: str) -> bytes:
        return self.s3.admin().get_object(self.name, key).data

    def keys(self) -> list[str]:
        return [found.object_name for found in self.s3.admin().list_objects(self.name, recursive=True)]

    def remove(self) -> None:
        """Remove the bucket and all in it, if it is there."""
        admin = self.s3.admin()
        if admin.bucket_exists(self.name):
            assert not list(admin.remove_objects(self.name, map(DeleteObject, self.keys())))
            admin.remove_bucket(self.name)


def new_bucket(s3: ObjectStore) -> Bucket:
    """A name that no other test uses; the bucket is not there yet."""
    return Bucket(f"mlp-test-{uuid.uuid4().hex}", s3)


def settings_of(bucket: Bucket, folder: Path, **changes: Any) -> Settings:
    """The settings of a registry that keeps its blobs in `bucket`."""
    keys = {"s3_access_key": bucket.s3.access_key, "s3_secret_key": bucket.s3.secret_key}
    given = {"store": f"s3://{bucket.name}", "s3_endpoint": bucket.s3.endpoint, **keys, **changes}
    return Settings(data=folder, **given)


def key_of(sha256: str) -> str:
    return f"sha256/{sha256[:2]}/{sha256}"


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    """Yield the real store if one is named, or a stand-in that ends with this process."""
    if endpoint := os.environ.get("MLP_TEST_S3_ENDPOINT"):
        keys = os.environ["MLP_TEST_S3_ACCESS_KEY"], os.environ["MLP_TEST_S3_SECRET_KEY"]
        yield ObjectStore(endpoint, *keys, checks_access=True)
        return
    with subprocess.Popen(
        [sys.executable, "-c", MOTO],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as moto:
        try:
            port = moto.stdout.readline().strip()
            yield ObjectStore(f"http://127.0.0.1:{port}", "access", "secret-of-the-store", checks_access=False)
        finally:
            moto.kill()
