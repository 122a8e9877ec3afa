"""Why a deployment does not serve what it asks for: one chain from the deployment down to one cause."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from mlp.api.documents import WhyDocument
from mlp.api.wire import Answer


class Link(Answer):
    """One thing on the way from the deployment to the cause; each link is there because of the next one."""

    kind: str
    """`deployment`, `version`, `process`, `registry`, `port`, `agent`; on a cluster also `pod`, `container`, `node`."""
    name: str
    """`iris`, `iris:3`, `4711`, `8001`."""
    state: str
    """A few words: `Degraded`, `waiting for its next start`, `version 2 still answers`."""
    reason: str | None = None
    """The CamelCase reason that a program can match, where the link has one."""
    message: str = ""
    at: datetime | None = None
    """Since when, where that is known."""


class Why(Answer):
    """The chain; where all is well it is the deployment and the process that answers, and there is no cause."""

    name: str
    ok: bool
    """Whether what is asked for is what answers, or rests as asked."""
    settled: bool
    """False while it may still come about by itself (a start, a restart, a wait for the registry)."""
    links: list[Link]
    """From the deployment to the cause."""
    reason: str | None = None
    """The cause: a reason or code of the command line's catalogue, which holds its fix."""
    message: str = ""
    """The cause in the words of whoever found it."""
    version: int | None = None
    """The version that is asked for."""
    served_version: int | None = None
    """The version that answers meanwhile, if one does."""
    next_attempt_at: datetime | None = None
    """When the agent tries again by itself, if it does."""
    log: list[str] = []
    """The last lines that the failed process wrote, at most 5."""

    def document(self) -> WhyDocument:
        """Return it as it is told."""
        return cast(WhyDocument, self.model_dump(mode="json"))
