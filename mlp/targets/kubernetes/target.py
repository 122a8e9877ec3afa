"""The target `kubernetes`: a namespace of a cluster, in which the operator keeps what is deployed."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from mlp.api.documents import DeploymentDocument, EventDocument, ProcessDocument, RevisionDocument, WhyDocument
from mlp.errors import NotFound, Precondition, Unavailable
from mlp.kube.resource import DEPLOYMENTS, EVENTS, PODS, REPLICA_SETS, SECRETS, Object, Resource
from mlp.targets.base import Platform, Report, Watch, Wrong, unheard, unwatched
from mlp.targets.kubernetes.choices import Choices
from mlp.targets.kubernetes.cluster import Cluster
from mlp.targets.kubernetes.deployments import Deployments
from mlp.targets.kubernetes.names import (
    ADMIN_TOKEN,
    COMPONENTS,
    MODEL_PORT,
    REGISTRY,
    REGISTRY_PORT,
    REGISTRY_SERVICE,
    Component,
)
from mlp.targets.kubernetes.reach import Reach
from mlp.targets.kubernetes.rollout import Progress
from mlp.targets.kubernetes.seen import live, pods_in, pods_of, progress_in, workload_of
from mlp.targets.ready import has_returned, serves_nothing, wait_ready

if TYPE_CHECKING:
    from mlp.api.deployment import ModelDeployment
    from mlp.targets.kubernetes.installation import Installation

_LOOK_SECONDS = 0.25
_WATCH_SECONDS = 1.0
_LOGS = {"registry": "model-registry", "operator": "ml-operator", "postgresql": "postgresql", "minio": "minio"}


class KubernetesTarget:
    """The platform in one namespace of a cluster."""

    name = "kubernetes"

    def __init__(self, cluster: Cluster, choices: Choices) -> None:
        self._cluster = cluster
        self._choices = choices
        self._deployments = Deployments(cluster.client, cluster.namespace)
        self._reach = Reach(cluster)

    def close(self) -> None:
        """Close the connections to the API server."""
        self._cluster.connection.close()

    def describe(self) -> str:
        """Return context and namespace."""
        return self._cluster.describe()

    @cached_property
    def installation(self) -> Installation:
        """What brings the platform to the cluster; commands that look have no use for it."""
        from mlp.targets.kubernetes.installation import Installation

        return Installation(self._cluster, self._choices)

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
        """Apply the platform and wait until it takes models; what is there already stays.

        Raises Precondition for a cluster that is not ready, Failed with the reason of a component that does not
        start, and DeadlineExceeded.
        """
        deadline = time.monotonic() + timeout
        self.installation.bring(report, watch, deadline)
        waits = partial(self.wait_ready, report=unheard)
        left_out = [each for each in self.list() if not has_returned(each, waits, report, wrong, deadline)]
        return replace(self.platform(), left_out=tuple(each["metadata"]["name"] for each in left_out))

    def down(self, report: Report, *, timeout: float, purge: bool = False, wrong: Wrong = unheard) -> None:
        """Delete what runs and wait for its end; deployments, volumes and Secrets stay unless `purge`."""
        self.installation.remove(report, time.monotonic() + timeout, purge=purge)

    def platform(self) -> Platform:
        """Return the components and deployments as they are now."""
        pods = self._pods()
        states = {component: self._progress(component, pods) for component in COMPONENTS}
        if all(state is None for state in states.values()):
            raise self._not_running()
        registry = states[REGISTRY]
        return Platform(
            target=self.name,
            location=f"{self._cluster.context.name} / {self._cluster.namespace}",
            registry_url=f"http://{REGISTRY_SERVICE}.{self._cluster.namespace}.svc:{REGISTRY_PORT}",
            registry_ready=registry is not None and registry.phase == "ready",
            processes=[_process(component, state, pods) for component, state in states.items() if state is not None],
            deployments=self.list(),
        )

    def changes(self, *, idle: float) -> Iterator[Platform]:
        """Yield the platform, whenever looking at it again shows something else."""
        shown, since = self.platform(), time.monotonic()
        yield shown
        while True:
            time.sleep(min(_WATCH_SECONDS, idle))
            found = self.platform()
            if found != shown or time.monotonic() - since >= idle:
                shown, since = found, time.monotonic()
                yield shown

    def history(self, name: str, wrong: Wrong = unheard) -> Sequence[RevisionDocument]:
        """Return the roll-outs that the cluster still knows; of earlier ones nothing but version and time."""
        from mlp.targets.kubernetes.past import revisions_of

        return revisions_of(self.get(name), self._found(REPLICA_SETS, _selector_of(name)))

    def events(self, name: str) -> Sequence[EventDocument]:
        """Return the events that the cluster still keeps, an hour as a rule."""
        from mlp.targets.kubernetes.past import events_of

        self.get(name)
        return events_of(name, self._found(EVENTS))

    def why(self, name: str) -> WhyDocument:
        """Return the chain from a deployment through its pods to what is wrong."""
        from mlp.targets.kubernetes.past import why_of

        workload = live(self._cluster.client, {"kind": DEPLOYMENTS.kind, "metadata": self._place(name)})
        return why_of(self.get(name), workload, self._found(PODS, _selector_of(name)))

    def registry_url(self) -> str:
        """Return where the registry answers: a port-forward that lasts as long as this process."""
        try:
            return self._reach.url(f"app={REGISTRY.name}", REGISTRY_PORT)
        except Unavailable:
            if workload_of(self._cluster.client, self._cluster.namespace, REGISTRY) is None:
                raise self._not_running() from None
            raise

    def registry_token(self) -> str | None:
        """Return the token that may do everything, from its Secret; None where the user may not read it."""
        try:
            secret = self._cluster.client.get(SECRETS, self._cluster.namespace, ADMIN_TOKEN)
        except NotFound:
            return None
        return base64.b64decode(secret["data"]["token"]).decode().strip()

    def apply(self, deployment: ModelDeployment) -> DeploymentDocument:
        """Apply a deployment."""
        return self._deployments.apply(deployment)

    def not_applied(self, deployment: ModelDeployment) -> list[str]:
        """Return what is not applied here: another namespace."""
        named = deployment.metadata.namespace
        if named in (None, self._cluster.namespace):
            return []
        return [f"namespace: {named} is not applied: the target is {self._cluster.namespace}"]

    def get(self, name: str) -> DeploymentDocument:
        """Return a deployment."""
        return self._deployments.get(name)

    def list(self) -> Sequence[DeploymentDocument]:
        """Return every deployment."""
        return self._deployments.every()

    def wait_ready(self, deployment: DeploymentDocument, report: Report, *, timeout: float) -> DeploymentDocument:
        """Wait until the deployment serves what this generation asks for."""
        return wait_ready(self.get, deployment, report, timeout=timeout, look_seconds=_LOOK_SECONDS)

    def delete(self, name: str) -> None:
        """Delete a deployment; Kubernetes collects what belongs to it."""
        self._deployments.delete(name)

    def endpoint(self, name: str) -> str:
        """Return where a deployment answers: a port-forward that lasts as long as this process."""
        deployment = self.get(name)
        try:
            return self._reach.url(_selector_of(name), MODEL_PORT)
        except Unavailable as error:
            raise serves_nothing(deployment) from error

    def logs(
        self, name: str, *, tail: int | None = None, follow: bool = False, since: float | None = None
    ) -> Iterator[str]:
        """Yield lines of a component or of the pods of a deployment; pods that come later are followed too."""
        from mlp.targets.kubernetes.logs import LogOptions, read_logs

        selector = f"app={_LOGS[name]}" if name in _LOGS else _selector_of(name)
        if not self._reach.pods(selector):
            if name not in _LOGS:
                self.get(name)
            raise NotFound(f"{name} has no pods, so there is no log", code="log_not_found", details={"name": name})
        pods = partial(self._reach.pods, selector)
        return read_logs(self._cluster, pods, LogOptions(tail=tail, follow=follow, since=since))

    def _place(self, name: str) -> dict[str, str]:
        return {"name": name, "namespace": self._cluster.namespace}

    def _found(self, resource: Resource, selector: str | None = None) -> Sequence[Object]:
        pages = self._cluster.client.pages(resource, self._cluster.namespace, selector)
        return [obj for page in pages for obj in page.items]

    def _pods(self) -> Sequence[Object]:
        return pods_in(self._cluster.client, self._cluster.namespace)

    def _progress(self, component: Component, pods: Sequence[Object]) -> Progress | None:
        return progress_in(self._cluster.client, self._cluster.namespace, component, pods)

    def _not_running(self) -> Precondition:
        return Precondition(f"no platform runs in {self._cluster.describe()}", code="platform_not_running")


def _selector_of(name: str) -> str:
    return f"app.kubernetes.io/instance={name},component=inference-server"


def _process(component: Component, state: Progress, pods: Sequence[Object]) -> ProcessDocument:
    restarts = sum(
        container.get("restartCount", 0)
        for pod in pods_of(component, pods)
        for container in pod.get("status", {}).get("containerStatuses") or ()
    )
    message = state.words if state.problem is not None else ""
    return {
        "name": component.name,
        "state": state.phase,
        "pid": None,
        "port": None,
        "restarts": restarts,
        "started_at": None,
        "version": None,
        "digest": None,
        "reason": None,
        "message": message,
        "failures": 0,
        "next_attempt_at": None,
        "is_adopted": False,
    }
