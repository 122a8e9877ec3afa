"""The SDK's client for a store: keys, addressing, TLS, and how long it waits for what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import urllib3
from minio import Minio
from minio.credentials.credentials import Credentials
from minio.credentials.providers import Provider, StaticProvider
from urllib3.util import Retry, Timeout

from mlp.errors import Unavailable
from mlp.registry.store.settings import StoreSettings

CONNECTIONS = 16
"""How many requests to the store are under way at once, at most."""
_CONNECT_SECONDS = 2.0
_QUICK_SECONDS = 2.0


@dataclass(frozen=True)
class Clients:
    """Three ways to the same bucket."""

    bulk: Minio
    """For blobs: a broken connection, or an answer 500 to 504, is tried again."""
    quick: Minio
    """For the question whether the store works: answers in two seconds, or does not."""
    links: Minio
    """For presigned URLs, as model servers see the store; it sends nothing."""


def clients_for(settings: StoreSettings) -> Clients:
    """Return the clients; nothing is sent yet."""
    endpoint = settings.s3_endpoint or f"https://s3.{settings.s3_region}.amazonaws.com"
    keys = _keys(settings)
    patient = Retry(
        total=2,
        connect=2,
        read=1,
        status=2,
        redirect=False,
        backoff_factor=0.2,
        status_forcelist=(500, 502, 503, 504),
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    silence = min(_QUICK_SECONDS, settings.s3_timeout_seconds)
    bulk = _pool(settings, settings.s3_timeout_seconds, patient)
    quick = _pool(settings, silence, Retry(total=1, connect=0, read=1, status=0, redirect=False))
    return Clients(
        bulk=_client(settings, endpoint, keys, bulk),
        quick=_client(settings, endpoint, keys, quick),
        links=_client(settings, settings.s3_public_endpoint or endpoint, keys, bulk),
    )


def _client(settings: StoreSettings, endpoint: str, keys: Provider, pool: urllib3.PoolManager) -> Minio:
    scheme, _, host = endpoint.rstrip("/").partition("://")
    client = Minio(
        endpoint=host, secure=scheme == "https", region=settings.s3_region, credentials=keys, http_client=pool
    )
    if settings.s3_addressing == "path":
        client.disable_virtual_style_endpoint()  # type: ignore[no-untyped-call]
    elif settings.s3_addressing == "virtual":
        client.enable_virtual_style_endpoint()  # type: ignore[no-untyped-call]
    return client


def _pool(settings: StoreSettings, silence: float, retries: Retry) -> urllib3.PoolManager:
    return urllib3.PoolManager(
        maxsize=CONNECTIONS,
        timeout=Timeout(connect=_CONNECT_SECONDS, read=silence),
        retries=retries,
        cert_reqs="CERT_REQUIRED",
        ca_certs=None if settings.s3_ca_file is None else str(settings.s3_ca_file),
    )


def _keys(settings: StoreSettings) -> Provider:
    if settings.s3_access_key_file is not None and settings.s3_secret_key_file is not None:
        return KeyFiles(settings.s3_access_key_file, settings.s3_secret_key_file)
    token = settings.s3_session_token
    return StaticProvider(
        access_key=settings.s3_access_key.get_secret_value() if settings.s3_access_key else "",
        secret_key=settings.s3_secret_key.get_secret_value() if settings.s3_secret_key else "",
        session_token=token.get_secret_value() if token else None,
    )


class KeyFiles(Provider):
    """Keys in two files, read for each request: a Secret that changes is a key that changes, without a restart."""

    def __init__(self, access_key: Path, secret_key: Path) -> None:
        self._files = (access_key, secret_key)

    def retrieve(self) -> Credentials:
        """Return the keys as they are now. Raises Unavailable when a file cannot be read."""
        try:
            access, secret = (file.read_text("utf-8").strip() for file in self._files)
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable("the keys of the object store cannot be read", code="storage_unavailable") from error
        if not access or not secret:
            raise Unavailable("the keys of the object store are empty", code="storage_unavailable")
        return Credentials(access_key=access, secret_key=secret)
