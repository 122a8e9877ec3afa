"""Waiting until the components are ready, or until one is known not to become so."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from mlp.errors import DeadlineExceeded, Failed, NotFound, Unavailable
from mlp.kube.client import Client
from mlp.kube.resource import PODS
from mlp.targets.base import Report
from mlp.targets.kubernetes.names import OURS, Component
from mlp.targets.kubernetes.rollout import Progress, progress_of

_LOOK_SECONDS = 0.3
_PATIENCE: Mapping[str, float] = {
    "ImagePullFailed": 5.0,
    "ContainerFailed": 10.0,
    "Unschedulable": 20.0,
    "QuotaExceeded": 10.0,
    "Rejected": 10.0,
}
"""Seconds for which a problem may last before it counts: volumes are bound, and quotas freed, a little later."""
_ENDED = 60.0  # a server that ends because another is not there yet is started again


class Waiter:
    """Looks at components until all are ready."""

    def __init__(self, client: Client, namespace: str, report: Report, deadline: float) -> None:
        self._client = client
        self._namespace = namespace
        self._report = report
        self._deadline = deadline
        self._said: dict[str, str] = {}
        self._since: dict[tuple[str, str], float] = {}

    def until_ready(self, components: Sequence[Component]) -> None:
        """Return when all are ready.

        Raises Failed with the problem's reason as its code, and DeadlineExceeded saying what each one was at.
        """
        while True:
            states = self._look(components)
            for component, state in states.items():
                self._tell(component, state)
                self._give_up(component, state)
            waiting = {component: state for component, state in states.items() if state.phase != "ready"}
            if not waiting:
                return
            if time.monotonic() > self._deadline:
                words = "; ".join(f"{component.name}: {state.words}" for component, state in waiting.items())
                raise DeadlineExceeded(f"not ready in time: {words}", code="platform_not_ready")
            time.sleep(_LOOK_SECONDS)

    def _look(self, components: Sequence[Component]) -> dict[Component, Progress]:
        try:
            pods = [pod for page in self._client.pages(PODS, self._namespace, OURS) for pod in page.items]
        except Unavailable:
            pods = []
        return {
            component: progress_of(self._workload(component), _pods_of(component, pods)) for component in components
        }

    def _workload(self, component: Component) -> dict[str, Any] | None:
        try:
            return {
                "kind": component.resource.kind,
                **self._client.get(component.resource, self._namespace, component.name),
            }
        except (NotFound, Unavailable):
            return None

    def _tell(self, component: Component, state: Progress) -> None:
        words = f"{component.name}: {state.words}"
        if self._said.get(component.name) != words:
            self._said[component.name] = words
            self._report(words)

    def _give_up(self, component: Component, state: Progress) -> None:
        """Raise when a problem has lasted too long to pass."""
        if state.problem is None:
            self._since = {key: at for key, at in self._since.items() if key[0] != component.name}
            return
        reason = state.problem.reason
        since = self._since.setdefault((component.name, reason), time.monotonic())
        if time.monotonic() - since >= _PATIENCE.get(reason, _ENDED):
            details = {"name": component.name, "reason": reason, "namespace": self._namespace}
            raise Failed(f"{component.name}: {state.problem.message}", code=reason, details=details)


def _pods_of(component: Component, pods: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [pod for pod in pods if pod["metadata"]["labels"].get("app") == component.name]
