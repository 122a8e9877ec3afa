"""Taking the platform away again: what runs, and, if told, what was kept. Nothing of others is touched."""

from __future__ import annotations

import time

from mlp.errors import Conflict, DeadlineExceeded, NotFound
from mlp.kube.client import Client
from mlp.kube.resource import (
    AUTOSCALERS,
    CLAIMS,
    CONFIG_MAPS,
    CUSTOM_RESOURCES,
    DEPLOYMENTS,
    DISRUPTION_BUDGETS,
    NAMESPACES,
    NETWORK_POLICIES,
    PODS,
    ROLE_BINDINGS,
    ROLES,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    STATEFUL_SETS,
    Object,
    Resource,
    name_of,
)
from mlp.targets.base import Report
from mlp.targets.kubernetes.names import CRD, MODEL_DEPLOYMENTS, OBSERVERS, OPERATOR, OURS, PART_OF, PLATFORM

_RUNNING = (
    AUTOSCALERS,
    DEPLOYMENTS,
    STATEFUL_SETS,
    DISRUPTION_BUDGETS,
    SERVICES,
    NETWORK_POLICIES,
    ROLE_BINDINGS,
    ROLES,
    SERVICE_ACCOUNTS,
    CONFIG_MAPS,
    *OBSERVERS,
)
_KEPT = (MODEL_DEPLOYMENTS, CLAIMS, SECRETS)
_OF_OTHERS = (DEPLOYMENTS, STATEFUL_SETS, PODS, SERVICES, CLAIMS, SECRETS, CONFIG_MAPS)
_FROM_KUBERNETES = frozenset({"kube-root-ca.crt", "openshift-service-ca.crt"})
_LOOK_SECONDS = 0.2


def stop(client: Client, namespace: str, deadline: float) -> int:
    """Delete what runs, the operator first so that it makes nothing anew; wait for the pods' end.

    Returns how many objects there were. Raises DeadlineExceeded (`shutdown_timeout`) naming the pods that are left.
    """
    found = 0
    if _delete_named(client, OPERATOR.resource, namespace, OPERATOR.name):
        found += 1
        _wait_gone(client, namespace, f"app={OPERATOR.name}", deadline)
    for resource in _RUNNING:
        found += _delete_ours(client, resource, namespace)
    _wait_gone(client, namespace, OURS, deadline)
    return found


def purge(client: Client, namespace: str, report: Report, deadline: float) -> None:
    """Delete what `stop` keeps: deployments, volumes, Secrets, and what the cluster knows of the platform."""
    for resource in _KEPT:
        number = _delete_ours(client, resource, namespace, every=resource is MODEL_DEPLOYMENTS)
        if number:
            report(f"deleted {number} {resource.plural}")
    if _delete_definition(client):
        report(f"deleted the definition {CRD}")
    _delete_namespace(client, namespace, report, deadline)


def _delete_definition(client: Client) -> bool:
    """Delete the CRD, unless another namespace has deployments: they would go with it."""
    try:
        if any(page.items for page in client.pages(MODEL_DEPLOYMENTS, None)):
            return False
    except NotFound:
        return False
    return _delete_named(client, CUSTOM_RESOURCES, None, CRD)


def _delete_namespace(client: Client, namespace: str, report: Report, deadline: float) -> None:
    try:
        obj = client.get(NAMESPACES, None, namespace)
    except NotFound:
        return
    foreign = _foreign(client, namespace)
    if obj["metadata"].get("labels", {}).get(PART_OF) != PLATFORM or foreign:
        kept = f", which holds {foreign}" if foreign else ", which the platform did not make"
        report(f"kept the namespace {namespace}{kept}")
        return
    client.delete(NAMESPACES, obj)
    while time.monotonic() < deadline:
        try:
            client.get(NAMESPACES, None, namespace)
        except NotFound:
            report(f"deleted the namespace {namespace}")
            return
        time.sleep(_LOOK_SECONDS)
    raise DeadlineExceeded(f"the namespace {namespace} is still being deleted", code="shutdown_timeout")


def _foreign(client: Client, namespace: str) -> str | None:
    """Return one object in the namespace that is not the platform's, as `Kind/name`, or None."""
    for resource in _OF_OTHERS:
        for page in client.pages(resource, namespace, f"{PART_OF}!={PLATFORM}"):
            for obj in page.items:
                if name_of(obj) not in _FROM_KUBERNETES and not obj["metadata"].get("deletionTimestamp"):
                    return f"{resource.kind}/{name_of(obj)}"
    return None


def _delete_ours(client: Client, resource: Resource, namespace: str, *, every: bool = False) -> int:
    try:
        pages = list(client.pages(resource, namespace, None if every else OURS))
    except NotFound:
        return 0
    return sum(_delete(client, resource, obj) for page in pages for obj in page.items)


def _delete_named(client: Client, resource: Resource, namespace: str | None, name: str) -> bool:
    try:
        obj = client.get(resource, namespace, name)
    except NotFound:
        return False
    return obj["metadata"].get("labels", {}).get(PART_OF) == PLATFORM and _delete(client, resource, obj)


def _delete(client: Client, resource: Resource, obj: Object) -> bool:
    """Delete an object; False where somebody else has done it meanwhile."""
    try:
        client.delete(resource, obj)
    except (NotFound, Conflict):
        return False
    return True


def _wait_gone(client: Client, namespace: str, selector: str, deadline: float) -> None:
    while True:
        left = [name_of(pod) for page in client.pages(PODS, namespace, selector) for pod in page.items]
        if not left:
            return
        if time.monotonic() > deadline:
            raise DeadlineExceeded(f"still ending: {', '.join(sorted(left))}", code="shutdown_timeout")
        time.sleep(_LOOK_SECONDS)
