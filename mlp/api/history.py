"""What a deployment was asked to serve, and what became of it: revisions and events."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, cast

from mlp.api.deployment import Spec
from mlp.api.documents import EventDocument, HistoryDocument, RevisionDocument
from mlp.api.wire import Answer

Outcome = Literal["pending", "succeeded", "failed", "superseded", "unknown"]
"""`pending`: nothing is known yet. `succeeded`: it answered, or came to the rest that it asks for (ScaledToZero,
Suspended). `failed`: it never answered. `superseded`: another one took its place before either was known. `unknown`:
the place keeps no record of it."""


class Revision(Answer):
    """A spec that was asked for. A change of the spec makes one; asking for the same again makes none."""

    number: int
    """Counts from 1 and is never given twice while the deployment exists."""
    model: str
    version: int
    spec: Spec | None = None
    """All that was asked for; None where only the version is known (a cluster keeps no more)."""
    at: datetime
    """When it was asked for."""
    cause: str | None = None
    """What asked for it, as it said: `mlp deploy iris --version 2`."""
    by: str | None = None
    """Who asked, as the command said."""
    outcome: Outcome = "unknown"
    reason: str | None = None
    """The condition's reason with that outcome: `Serving`, `GoldenRowsFailed`."""
    message: str = ""
    decided_at: datetime | None = None
    """When the outcome became known."""
    digest: str | None = None
    """The digest of the version that answered."""
    current: bool = False
    """Whether this is what the deployment asks for now."""

    def document(self) -> RevisionDocument:
        """Return it as it is told; its spec as a file would have it."""
        spec = None if self.spec is None else self.spec.model_dump(mode="json", by_alias=True, exclude_none=True)
        return cast(RevisionDocument, {**self.model_dump(mode="json"), "spec": spec})


class DeploymentEvent(Answer):
    """Something that happened to a deployment: a process that started, answered, failed or was taken over."""

    at: datetime
    type: Literal["Normal", "Warning"]
    reason: str
    """One CamelCase word."""
    message: str
    version: int | None = None
    pid: int | None = None
    count: int = 1
    """How often it happened in a row; `at` is the last time."""

    def document(self) -> EventDocument:
        """Return it as it is told."""
        return cast(EventDocument, self.model_dump(mode="json"))


class History(Answer):
    """What the agent remembers of a deployment."""

    items: list[Revision]
    damage: str | None = None
    """What of it cannot be read, in words."""

    def document(self) -> HistoryDocument:
        """Return it as it is told."""
        return {"items": [each.document() for each in self.items], "damage": self.damage}
