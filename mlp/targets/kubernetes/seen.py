"""What a namespace shows of the platform's components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlp.errors import NotFound
from mlp.kube.client import Client
from mlp.kube.resource import PODS, Object
from mlp.targets.kubernetes.names import OURS, RESOURCES, Component
from mlp.targets.kubernetes.rollout import Progress, progress_of


def live(client: Client, obj: Object) -> dict[str, Any] | None:
    """Return the object as it is in the cluster, or None."""
    metadata = obj["metadata"]
    try:
        return client.get(RESOURCES[obj["kind"]], metadata.get("namespace"), metadata["name"])
    except NotFound:
        return None


def pods_in(client: Client, namespace: str) -> list[Object]:
    """Return every pod of the platform."""
    return [pod for page in client.pages(PODS, namespace, OURS) for pod in page.items]


def pods_of(component: Component, pods: Sequence[Object]) -> list[Object]:
    """Return those that are the component's."""
    return [pod for pod in pods if pod["metadata"]["labels"].get("app") == component.name]


def workload_of(client: Client, namespace: str, component: Component) -> Mapping[str, Any] | None:
    """Return the component's Deployment or StatefulSet, or None."""
    try:
        found = client.get(component.resource, namespace, component.name)
    except NotFound:
        return None
    return {"kind": component.resource.kind, **found}


def progress_in(client: Client, namespace: str, component: Component, pods: Sequence[Object]) -> Progress | None:
    """Return how far a component is, or None where it is not installed; `pods` are all of the platform's."""
    workload = workload_of(client, namespace, component)
    return None if workload is None else progress_of(workload, pods_of(component, pods))
