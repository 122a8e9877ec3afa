"""The file by which the platform's folder is known."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from mlp.api.wire import Answer
from mlp.client.home import FORMAT


class AgentFile(Answer):
    """`agent.json`: the mark of the platform's folder, written by each agent that starts there."""

    kind: Literal["mlp-home"] = "mlp-home"
    format: int = FORMAT
    version: str
    pid: int
    started_at: datetime
    registry_port: int | None = None
    """Where the registry listens; the next agent takes the same port unless it is told another one."""
    model_port: int | None = None
    """The first port that was tried for deployments; likewise."""
