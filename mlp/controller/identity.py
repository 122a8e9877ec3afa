"""The words by which the operator, its objects and their parts are known."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.api.kind import API_VERSION, GROUP, KIND
from mlp.kube.resource import AUTOSCALERS, DEPLOYMENTS, DISRUPTION_BUDGETS, SERVICES, Resource

MODEL_DEPLOYMENTS = Resource(API_VERSION, KIND, "modeldeployments")
CHILDREN = (DEPLOYMENTS, SERVICES, DISRUPTION_BUDGETS, AUTOSCALERS)

MANAGER = "mlp-operator"
"""The field manager of everything that the operator applies to its children."""
STATUS_MANAGER = "mlp-operator-status"
HANDOVER_MANAGER = "mlp-handover"
"""Holds the number of replicas between the operator's giving it up and the autoscaler's taking it."""

COMPONENT = "inference-server"
APP = "app.kubernetes.io/name"
INSTANCE = "app.kubernetes.io/instance"
MANAGED_BY = "app.kubernetes.io/managed-by"
FINGERPRINT = f"{GROUP}/applied"
"""An annotation: the hash of what the operator applied last, by which a field that went away is noticed."""
DIGEST = f"{GROUP}/digest"
"""An annotation of pods: the digest of the version that they serve."""
TEMPLATE = f"{GROUP}/template"
"""An annotation of pods: the hash of the template that they are made of, by which those of an earlier one are told."""
SERVICE_SUFFIX = "-service"


def child_name(resource: Resource, name: str) -> str:
    """Return the name of the child of that kind of the ModelDeployment `name`."""
    return name + SERVICE_SUFFIX if resource is SERVICES else name


def owner_name(resource: Resource, name: str) -> str | None:
    """Return the name of the ModelDeployment that a child of that kind and name can belong to, or None."""
    if resource is not SERVICES:
        return name
    return name.removesuffix(SERVICE_SUFFIX) if name.endswith(SERVICE_SUFFIX) else None


def selector_of(name: str) -> Mapping[str, str]:
    """Return the labels that tell the pods of a ModelDeployment; they never change."""
    return {APP: COMPONENT, INSTANCE: name}
