"""The children of a ModelDeployment, as they are applied. Pure.

What is not named here is left to others: their labels, annotations and fields stay. Nothing is null or empty, since
an API server that keeps such a value differently would be written to for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlp.api.deployment import MAX_REPLICAS, Autoscaling, ModelDeployment
from mlp.api.kind import API_VERSION, KIND
from mlp.controller.drift import fingerprint
from mlp.controller.identity import (
    APP,
    CHILDREN,
    COMPONENT,
    FINGERPRINT,
    INSTANCE,
    MANAGED_BY,
    MANAGER,
    child_name,
    selector_of,
)
from mlp.controller.pod import GRPC, GRPC_PORT, HTTP, HTTP_PORT, PodSettings, pod_template
from mlp.kube.resource import AUTOSCALERS, DEPLOYMENTS, DISRUPTION_BUDGETS, SERVICES, Resource

Body = dict[str, Any]


@dataclass(frozen=True)
class Owner:
    """A ModelDeployment that is to be rendered."""

    deployment: ModelDeployment
    uid: str
    digest: str
    """Of the version that it asks for."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.deployment.metadata.name


def scaling_of(deployment: ModelDeployment) -> Autoscaling | None:
    """Return how the deployment is scaled by CPU, or None when `replicas` says how many there are."""
    scaling = deployment.spec.autoscaling
    return scaling if scaling is not None and scaling.enabled else None


def least_replicas(deployment: ModelDeployment) -> int:
    """Return how many replicas there are at least: those of the spec, or the autoscaler's lower bound."""
    scaling = scaling_of(deployment)
    if scaling is None:
        return deployment.spec.replicas
    return scaling.min_replicas or min(max(1, deployment.spec.replicas), scaling.max_replicas or MAX_REPLICAS)


def render(owner: Owner, settings: PodSettings, *, replicas: int | None) -> Mapping[Resource, Body]:
    """Return all children; the Deployment's number of replicas is left to the autoscaler where `replicas` is None."""
    scaling = scaling_of(owner.deployment)
    specs: dict[Resource, Body] = {
        DEPLOYMENTS: _deployment(owner, settings, replicas),
        SERVICES: _service(owner),
        DISRUPTION_BUDGETS: _disruption_budget(owner),
    }
    if scaling is not None:
        specs[AUTOSCALERS] = _autoscaler(owner, scaling)
    return {resource: _child(owner, resource, specs[resource]) for resource in CHILDREN if resource in specs}


def labels_of(owner: Owner) -> dict[str, str]:
    """Return the labels of every child and of the pods."""
    spec = owner.deployment.spec
    labels = {
        APP: COMPONENT,
        INSTANCE: owner.name,
        "app.kubernetes.io/version": str(spec.model_version),
        "app.kubernetes.io/component": COMPONENT,
        "app.kubernetes.io/part-of": "mlp",
        MANAGED_BY: MANAGER,
        "component": COMPONENT,
        "model-name": spec.model_name,
        "model-version": str(spec.model_version),
    }
    return labels if spec.environment is None else {**labels, "environment": spec.environment}


def _child(owner: Owner, resource: Resource, spec: Body) -> Body:
    metadata: Body = {
        "name": child_name(resource, owner.name),
        "namespace": owner.deployment.metadata.namespace,
        "labels": labels_of(owner),
        "ownerReferences": [
            {
                "apiVersion": API_VERSION,
                "kind": KIND,
                "name": owner.name,
                "uid": owner.uid,
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    annotations = {FINGERPRINT: fingerprint({"metadata": metadata, "spec": spec})}
    return {"metadata": {**metadata, "annotations": annotations}, "spec": spec}


def _deployment(owner: Owner, settings: PodSettings, replicas: int | None) -> Body:
    counted = {} if replicas is None else {"replicas": replicas}
    return counted | {
        "selector": {"matchLabels": dict(selector_of(owner.name))},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}},
        "progressDeadlineSeconds": settings.progress_deadline_seconds,
        "revisionHistoryLimit": 2,
        "template": pod_template(owner.deployment, owner.digest, labels_of(owner), settings),
    }


def _service(owner: Owner) -> Body:
    return {
        "type": "ClusterIP",
        "selector": dict(selector_of(owner.name)),
        "ports": [
            {"name": name, "port": port, "targetPort": name, "protocol": "TCP"}
            for name, port in ((HTTP, HTTP_PORT), (GRPC, GRPC_PORT))
        ],
    }


def _disruption_budget(owner: Owner) -> Body:
    return {
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": dict(selector_of(owner.name))},
    }


def _autoscaler(owner: Owner, scaling: Autoscaling) -> Body:
    target = {"type": "Utilization", "averageUtilization": scaling.target_cpu}
    return {
        "scaleTargetRef": {
            "apiVersion": DEPLOYMENTS.api_version,
            "kind": DEPLOYMENTS.kind,
            "name": child_name(DEPLOYMENTS, owner.name),
        },
        "minReplicas": least_replicas(owner.deployment),
        "maxReplicas": scaling.max_replicas,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
