"""What is read of the platform's upkeep, as `mlp.api.documents` has the rest: its folder's mark, collected garbage."""

from typing import Literal, NotRequired, TypedDict

from mlp.api.documents import Moment

DAY = 86_400
"""Seconds."""
MAX_GRACE = 10 * 365 * DAY
"""Seconds for which a collection of garbage leaves blobs alone at most."""


class UnusedBlobDocument(TypedDict):
    """`UnusedBlob`."""

    sha256: str
    size: int
    since: Moment
    known: bool


class DamagedVersionDocument(TypedDict):
    """`DamagedVersion`."""

    name: str
    version: int
    problem: str


class CollectionDocument(TypedDict):
    """`CollectionReport`."""

    dry_run: bool
    unused: list[UnusedBlobDocument]
    unused_count: int
    unused_bytes: int
    damaged: list[DamagedVersionDocument]
    damaged_count: int


class MarkDocument(TypedDict):
    """`AgentFile`."""

    kind: NotRequired[Literal["mlp-home"]]
    format: NotRequired[int]
    version: str
    pid: int
    started_at: Moment
    registry_port: NotRequired[int | None]
    model_port: NotRequired[int | None]
