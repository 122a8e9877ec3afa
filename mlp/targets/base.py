"""The contract of a target, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mlp.api.deployment import ModelDeployment

Report = Callable[[str], None]
"""Takes one short line for each change of state."""


@dataclass(frozen=True)
class Component:
    """A process of the platform, or of a deployment."""

    name: str
    """`registry`, or the deployment's name."""
    state: str
    """`starting`, `ready`, `draining`, `waiting` (for its next start) or `stopped`."""
    pid: int | None
    port: int | None
    restarts: int
    started_at: datetime | None
    message: str
    """Why it last ended, where it did."""


@dataclass(frozen=True)
class Platform:
    """The platform as it is now."""

    target: str
    location: str
    """Where it is: a folder of this machine, or a cluster's context and namespace."""
    version: str
    started_at: datetime
    registry_url: str
    registry_ready: bool
    components: tuple[Component, ...]
    deployments: tuple[ModelDeployment, ...]


class Target(Protocol):
    """A place where models are served. Times are in seconds; every verb raises errors of `mlp.errors`.

    All but `up` and `down` raise Precondition (`platform_not_running`) where no platform runs.
    """

    @property
    def name(self) -> str:
        """The word for `--target`."""

    def describe(self) -> str:
        """Return the target in a few words, as a command says before it changes something."""

    def up(self, report: Report, timeout: float) -> Platform:
        """Start the platform, or find that it runs, and wait until it takes models."""

    def down(self, report: Report, timeout: float, purge: bool = False) -> None:
        """End the platform if it runs. Data stays unless `purge`."""

    def platform(self) -> Platform:
        """Return the platform as it is now."""

    def registry_url(self) -> str:
        """Return where the registry answers."""

    def apply(self, deployment: ModelDeployment) -> ModelDeployment:
        """Hand in a deployment; return it with its generation, and a note (`NOTES`) of what is not applied here."""

    def get(self, name: str) -> ModelDeployment:
        """Return a deployment. Raises NotFound (`deployment_not_found`)."""

    def list(self) -> list[ModelDeployment]:
        """Return every deployment, by name."""

    def wait_ready(self, name: str, generation: int, timeout: float, report: Report) -> ModelDeployment:
        """Wait until the deployment serves what that generation of its spec asks for.

        Raises Failed when it degrades, `details` holding its reason; Conflict (`superseded`) when the spec changes
        meanwhile; DeadlineExceeded with the last state.
        """

    def delete(self, name: str) -> None:
        """Delete a deployment. Raises NotFound (`deployment_not_found`)."""

    def endpoint(self, name: str) -> str:
        """Return where a deployment answers. Raises Precondition (`not_serving`) where no version does."""

    def logs(self, name: str, tail: int | None = None, follow: bool = False) -> Iterator[str]:
        """Yield the last `tail` lines (all: None) of a deployment, `registry` or the platform's own process."""
