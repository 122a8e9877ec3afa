"""Collecting garbage: what is asked, and what was found on both sides, the store's and the database's."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from mlp.api.upkeep import DAY, MAX_GRACE
from mlp.api.wire import Answer, Sha256, Wire


class CollectionRequest(Wire):
    """`POST /gc`: look for blobs that nothing uses, and delete them unless it is a dry run."""

    dry_run: Annotated[bool, Field(strict=True)] = True
    grace_seconds: Annotated[int, Field(ge=0, le=MAX_GRACE, strict=True)] = DAY
    """Blobs that a push claimed within this time stay."""


class UnusedBlob(Answer):
    """A blob that no version uses."""

    sha256: Sha256
    size: int
    """Bytes."""
    since: datetime
    """When it was put or claimed last."""
    known: bool
    """Whether the database has a row of it; one without was left by a crash, or belongs to somebody else."""


class DamagedVersion(Answer):
    """A version whose blob is gone, or has another size than its row says; its bytes were not read."""

    name: str
    version: int
    sha256: Sha256
    problem: Literal["missing", "wrong_size"]


class CollectionReport(Answer):
    """What a collection found. Lists hold the first 1,000; counts and bytes are of all."""

    dry_run: bool
    unused: list[UnusedBlob]
    """Gone, unless it was a dry run."""
    unused_count: int
    unused_bytes: int
    damaged: list[DamagedVersion]
    damaged_count: int
