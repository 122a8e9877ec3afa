"""What the one-machine agent says of itself to the command line."""

from __future__ import annotations

from datetime import datetime

from mlp.api.deployment import ModelDeployment
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
    message: str = ""
    """Why it last ended, where it did."""


class AgentStatus(Answer):
    """The platform on this machine, as its agent sees it."""

    version: str
    pid: int
    started_at: datetime
    registry_url: str
    registry_ready: bool
    processes: list[ProcessStatus]
    deployments: list[ModelDeployment]
