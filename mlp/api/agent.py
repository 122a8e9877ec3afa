"""What the one-machine agent says of itself to the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from mlp.api.deployment import ModelDeployment
from mlp.api.documents import DamageDocument, ProcessDocument
from mlp.api.wire import Answer


class ProcessStatus(Answer):
    """A process that the agent keeps."""

    name: str
    """`registry`, or the deployment's name."""
    state: str
    """`starting`, `ready`, `draining`, `waiting` (for its next start) or `stopped`."""
    pid: int | None = None
    port: int | None = None
    restarts: int = 0
    started_at: datetime | None = None
    version: int | None = None
    """The model's version that it serves, or tries to."""
    digest: str | None = None
    """The digest of that version, once it is ready."""
    reason: str | None = None
    """Why it does not answer, or a version that is tried beside it: one CamelCase word such as `GoldenRowsFailed`."""
    message: str = ""
    """Why it last ended, in words."""
    failures: int = 0
    """Failures in a row."""
    next_attempt_at: datetime | None = None
    """When it is started again, while it waits."""
    is_adopted: bool = False
    """Whether an earlier agent started it and this one took it over."""

    def document(self) -> ProcessDocument:
        """Return it as it is told."""
        return cast(ProcessDocument, self.model_dump(mode="json"))


class DamagedDeployment(Answer):
    """A deployment whose file cannot be read; the agent leaves the file alone, and looks at it again."""

    name: str
    file: str
    message: str

    def document(self) -> DamageDocument:
        """Return it as it is told."""
        return cast(DamageDocument, self.model_dump(mode="json"))


class AgentStatus(Answer):
    """The platform on this machine, as its agent sees it."""

    version: str
    """The version of mlp that the agent runs."""
    pid: int
    started_at: datetime
    change: str = ""
    """A word for the state that this document shows; it differs after every change. `GET /status?after=WORD&wait=S`
    answers when the state is another one, at the latest after S seconds."""
    registry_url: str
    registry_ready: bool
    processes: list[ProcessStatus]
    deployments: list[ModelDeployment]
    damaged: list[DamagedDeployment] = []

    def document(self) -> dict[str, Any]:
        """Return it as it is told; deployments as files would have them."""
        processes = [each.document() for each in self.processes]
        deployments = [each.document() for each in self.deployments]
        told = self.model_dump(mode="json", exclude={"processes", "deployments"})
        return {**told, "processes": processes, "deployments": deployments}
