"""The store that the settings name."""

from __future__ import annotations

from pathlib import Path

from mlp.registry.store.base import ArtifactStore
from mlp.registry.store.files import FileStore
from mlp.registry.store.settings import StoreSettings


def configured_store(settings: StoreSettings, blobs: Path) -> ArtifactStore:
    """Return the store of `settings`; where that is files, they are in the folder `blobs`."""
    if settings.store == "files":
        return FileStore(blobs)
    from mlp.registry.store.s3 import S3Store  # the SDK takes memory that a registry on files does not need

    return S3Store(settings)
