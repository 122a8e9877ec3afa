"""What a push says of the bytes that will follow, and the columns of the version that comes of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Protocol

from mlp.api.model import Manifest, UploadRequest, version_digest
from mlp.api.wire import canonical_json, sha256_of
from mlp.registry.actor import Actor
from mlp.registry.tables import UploadRow


class Announced(Protocol):
    """What a version takes of its announcement, or of the row that kept it."""

    @property
    def model_name(self) -> str:
        """The model that gets the version."""

    @property
    def digest(self) -> str:
        """The digest that the version will have."""

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes."""

    @property
    def size(self) -> int:
        """How many bytes there are."""


@dataclass(frozen=True)
class Announcement:
    """An upload before it is kept: as long as no bytes are wanted, it never becomes a row."""

    model_name: str
    request: UploadRequest
    key: str | None

    @property
    def manifest(self) -> Manifest:
        """What is said of the version."""
        return self.request.manifest

    @property
    def sha256(self) -> str:
        """The SHA-256 that the bytes are said to have."""
        return self.request.sha256

    @property
    def size(self) -> int:
        """How many bytes are said to follow."""
        return self.request.size

    @cached_property
    def digest(self) -> str:
        """The digest that the version will have."""
        return version_digest(self.sha256, self.manifest.signature, self.manifest.receipt)

    @cached_property
    def fingerprint(self) -> str:
        """What tells this request from another one that comes with the same key."""
        return sha256_of(canonical_json(self.request.model_dump(mode="json")))

    def row(self) -> UploadRow:
        """Return the upload to keep until its bytes arrive."""
        return UploadRow(
            id=uuid.uuid4().hex,
            model_name=self.model_name,
            idempotency_key=self.key,
            fingerprint=self.fingerprint,
            sha256=self.sha256,
            size=self.size,
            digest=self.digest,
            manifest=self.manifest.model_dump_json(),
            created_at=datetime.now(UTC),
        )


def facts_of(announced: Announced, manifest: Manifest, by: Actor) -> dict[str, Any]:
    """Return the columns of a new version, but for its model and its number."""
    return {
        "digest": announced.digest,
        "sha256": announced.sha256,
        "size": announced.size,
        "task": manifest.signature.outputs.task,
        "signature": manifest.signature.model_dump_json(),
        "receipt": manifest.receipt.model_dump_json(),
        "source": manifest.source.model_dump_json(),
        "metrics": manifest.metrics,
        "params": manifest.params,
        "tags": manifest.tags,
        "description": manifest.description,
        "created_at": datetime.now(UTC),
        "created_by": by.name,
    }


def told_of(announced: Announced) -> dict[str, object]:
    """Return what the audit log says of a new version beyond its name."""
    return {"digest": announced.digest, "size": announced.size}
