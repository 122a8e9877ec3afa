"""Kinds of objects, and the paths under which the API server has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]
"""An object as the API server writes it. Nobody changes one that came out of a store."""


@dataclass(frozen=True)
class Resource:
    """A kind of namespaced object."""

    api_version: str
    kind: str
    plural: str

    def path(self, namespace: str, name: str | None = None, subresource: str | None = None) -> str:
        """Return the path of one object, or of all in a namespace."""
        root = "api" if "/" not in self.api_version else "apis"
        steps = [root, self.api_version, "namespaces", namespace, self.plural, name, subresource]
        return "/" + "/".join(step for step in steps if step is not None)


DEPLOYMENTS = Resource("apps/v1", "Deployment", "deployments")
SERVICES = Resource("v1", "Service", "services")
DISRUPTION_BUDGETS = Resource("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
AUTOSCALERS = Resource("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
PODS = Resource("v1", "Pod", "pods")
EVENTS = Resource("v1", "Event", "events")
LEASES = Resource("coordination.k8s.io/v1", "Lease", "leases")


def name_of(obj: Object) -> str:
    """Return the object's name."""
    return str(obj["metadata"]["name"])


def controller_uid(obj: Object) -> str | None:
    """Return the uid of the object that controls this one, or None."""
    owners = obj["metadata"].get("ownerReferences", ())
    return next((owner["uid"] for owner in owners if owner.get("controller")), None)
