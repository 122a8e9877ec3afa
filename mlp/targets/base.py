"""The contract of a target, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mlp.api.documents import (
    DamageDocument,
    DeploymentDocument,
    EventDocument,
    ProcessDocument,
    RevisionDocument,
    WhyDocument,
)
from mlp.errors import MlpError

if TYPE_CHECKING:
    from mlp.api.deployment import ModelDeployment

Report = Callable[[str], None]
"""Takes one short line for each change of state."""
Wrong = Callable[[MlpError], None]
"""Takes each thing that is not as it should be, though the verb goes on."""
Watch = Callable[[Sequence[str]], None]
"""Takes, again and again while something is waited for, a line for each part: what it is at."""


def unwatched(_lines: Sequence[str]) -> None:
    """Take no notice."""


def unheard(_what: object) -> None:
    """Take no notice."""


@dataclass(frozen=True)
class Platform:
    """The platform as it is now."""

    target: str
    location: str
    """A folder of this machine, or a cluster's context and namespace."""
    registry_url: str
    registry_ready: bool
    processes: Sequence[ProcessDocument]
    deployments: Sequence[DeploymentDocument]
    damaged: Sequence[DamageDocument] = ()
    """Deployments of which nothing is known but that their file cannot be read."""
    left_out: Sequence[str] = ()
    """Deployments that were to come back and did not, where `up` answers."""


class Target(Protocol):
    """A place where models are served.

    Times are in seconds. Every verb raises errors of `mlp.errors`; those that need a platform raise Precondition
    (`platform_not_running`) where none runs.
    """

    @property
    def name(self) -> str:
        """The word for `--target`."""

    def describe(self) -> str:
        """Return the target in a few words, as a command says before it changes something."""

    def up(
        self,
        report: Report,
        *,
        timeout: float,
        registry_port: int | None = None,
        model_port: int | None = None,
        watch: Watch = unwatched,
        wrong: Wrong = unheard,
    ) -> Platform:
        """Start the platform, or find that it runs, and wait until it takes models and serves those it has.

        A deployment that does not come back is told to `wrong`, and named in the answer. The ports apply to a platform
        that is started now: the registry's, and the first one for deployments.
        """

    def down(self, report: Report, *, timeout: float, purge: bool = False, wrong: Wrong = unheard) -> None:
        """End the platform, if it runs. Data stays unless `purge`; what is damaged is told to `wrong`."""

    def platform(self) -> Platform:
        """Return the platform as it is now."""

    def changes(self, *, idle: float) -> Iterator[Platform]:
        """Yield the platform as it is now, then whenever it has changed, and after `idle` seconds in which it has not.

        It goes on until the caller leaves; each platform is whole, so one that was missed is no loss.
        """

    def history(self, name: str, wrong: Wrong = unheard) -> Sequence[RevisionDocument]:
        """Return what a deployment was asked to serve, the newest first; what is lost of it is told to `wrong`.

        Raises NotFound (`deployment_not_found`).
        """

    def events(self, name: str) -> Sequence[EventDocument]:
        """Return what happened to a deployment lately, the newest first. Raises NotFound (`deployment_not_found`)."""

    def why(self, name: str) -> WhyDocument:
        """Return the chain from a deployment to what keeps it from serving. Raises NotFound as `history` does."""

    def registry_url(self) -> str:
        """Return where the registry answers."""

    def registry_token(self) -> str | None:
        """Return the token that this target's registry wants of its owner; None where it wants none."""

    def apply(self, deployment: ModelDeployment) -> DeploymentDocument:
        """Hand in a deployment; return it as it is kept, with its generation."""

    def not_applied(self, deployment: ModelDeployment) -> list[str]:
        """Return what the spec asks for and this target does not give, a sentence each."""

    def get(self, name: str) -> DeploymentDocument:
        """Return a deployment. Raises NotFound (`deployment_not_found`)."""

    def list(self) -> Sequence[DeploymentDocument]:
        """Return every deployment."""

    def wait_ready(self, deployment: DeploymentDocument, report: Report, *, timeout: float) -> DeploymentDocument:
        """Wait until what this generation of the deployment asks for is what runs, and return it.

        Raises Failed when it degrades, with the condition's reason as its code; Conflict (`superseded`) when the spec
        changes meanwhile; NotFound when it is deleted; DeadlineExceeded with the last state.
        """

    def delete(self, name: str) -> None:
        """Delete a deployment. Raises NotFound (`deployment_not_found`)."""

    def endpoint(self, name: str) -> str:
        """Return where a deployment answers. Raises Precondition (`not_serving`) where no version does."""

    def logs(
        self, name: str, *, tail: int | None = None, follow: bool = False, since: float | None = None
    ) -> Iterator[str]:
        """Yield the last `tail` lines (None: all) of a deployment or of a process of the platform.

        With `since`, those of the last so many seconds only.

        With `follow`, go on with the lines that are written from then on. Raises NotFound (`log_not_found`).
        """

    def close(self) -> None:
        """Close the connections to the target; what runs there runs on."""
