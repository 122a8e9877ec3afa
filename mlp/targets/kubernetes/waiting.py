"""Waiting until the components are ready, or until one is known not to become so."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from mlp.errors import DeadlineExceeded, Failed, Unavailable
from mlp.kube.client import Client
from mlp.targets.base import Report, Watch
from mlp.targets.kubernetes.names import Component
from mlp.targets.kubernetes.rollout import Progress, progress_of
from mlp.targets.kubernetes.seen import pods_in, progress_in

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

    def __init__(self, client: Client, namespace: str, report: Report, watch: Watch, deadline: float) -> None:
        self._client = client
        self._namespace = namespace
        self._report = report
        self._watch = watch
        self._deadline = deadline
        self._ready: set[Component] = set()
        self._since: dict[tuple[str, str], float] = {}

    def until_ready(self, components: Sequence[Component]) -> None:
        """Return when all are ready.

        Raises Failed with the problem's reason as its code, and DeadlineExceeded saying what each one was at.
        """
        while True:
            states = self._look(components)
            self._watch([f"{component.name}: {state.words}" for component, state in states.items()])
            for component, state in states.items():
                self._tell(component, state, self._age_of(component, state))
            waiting = {component: state for component, state in states.items() if state.phase != "ready"}
            if not waiting:
                return
            if time.monotonic() > self._deadline:
                words = "; ".join(f"{component.name}: {state.words}" for component, state in waiting.items())
                raise DeadlineExceeded(f"not ready in time: {words}", code="platform_not_ready")
            time.sleep(_LOOK_SECONDS)

    def _look(self, components: Sequence[Component]) -> dict[Component, Progress]:
        """Return how far each is; an API server that does not answer for a moment is asked again."""
        try:
            pods = pods_in(self._client, self._namespace)
            found = {each: progress_in(self._client, self._namespace, each, pods) for each in components}
        except Unavailable:
            found = dict.fromkeys(components)
        return {component: progress or progress_of(None, []) for component, progress in found.items()}

    def _age_of(self, component: Component, state: Progress) -> float:
        """Return for how many seconds a component has had the problem that it has now; 0 where it has none."""
        reason = state.problem.reason if state.problem is not None else None
        self._since = {key: at for key, at in self._since.items() if key[0] != component.name or key[1] == reason}
        if reason is None:
            return 0.0
        return time.monotonic() - self._since.setdefault((component.name, reason), time.monotonic())

    def _tell(self, component: Component, state: Progress, age: float) -> None:
        """Say once that a component is ready; raise when its trouble has lasted too long to pass."""
        if state.phase == "ready" and component not in self._ready:
            self._ready.add(component)
            self._report(f"{component.name}: {state.words}")
        if state.problem is None:
            return
        if age >= _PATIENCE.get(state.problem.reason, _ENDED):
            details = {"name": component.name, "reason": state.problem.reason, "namespace": self._namespace}
            raise Failed(f"{component.name}: {state.problem.message}", code=state.problem.reason, details=details)
