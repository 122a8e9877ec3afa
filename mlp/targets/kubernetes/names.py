"""The names of the platform's objects on a cluster, which users type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlp.api.kind import API_VERSION, GROUP, KIND
from mlp.kube.resource import (
    CLAIMS,
    CONFIG_MAPS,
    CUSTOM_RESOURCES,
    DEPLOYMENTS,
    NAMESPACES,
    NETWORK_POLICIES,
    ROLE_BINDINGS,
    ROLES,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    STATEFUL_SETS,
    Resource,
)

MODEL_DEPLOYMENTS = Resource(API_VERSION, KIND, "modeldeployments")
CRD = f"{MODEL_DEPLOYMENTS.plural}.{GROUP}"

MANAGER = "mlp"
"""The field manager of what the command line applies."""
PART_OF = "app.kubernetes.io/part-of"
PLATFORM = "mlp"
"""The value of PART_OF on everything that belongs to the platform."""
OURS = f"{PART_OF}={PLATFORM}"
"""A selector for it."""

SERVICE_MONITORS = Resource("monitoring.coreos.com/v1", "ServiceMonitor", "servicemonitors")
DASHBOARDS = Resource("grafana.integreatly.org/v1beta1", "GrafanaDashboard", "grafanadashboards")
OBSERVERS = (SERVICE_MONITORS, DASHBOARDS)
"""Kinds that a cluster knows where Prometheus' or Grafana's operator is installed."""

RESOURCES: Mapping[str, Resource] = {
    resource.kind: resource
    for resource in (
        NAMESPACES,
        CUSTOM_RESOURCES,
        SERVICE_ACCOUNTS,
        ROLES,
        ROLE_BINDINGS,
        NETWORK_POLICIES,
        SECRETS,
        CONFIG_MAPS,
        CLAIMS,
        SERVICES,
        STATEFUL_SETS,
        DEPLOYMENTS,
        MODEL_DEPLOYMENTS,
        *OBSERVERS,
    )
}
"""The kinds that manifests may have, in the order in which they are applied."""


@dataclass(frozen=True)
class Component:
    """A part of the platform that runs in pods."""

    name: str
    """Of its workload, and the value of its pods' label `app`."""
    resource: Resource
    manifest: str


POSTGRESQL = Component("postgresql", STATEFUL_SETS, "postgresql.yaml")
MINIO = Component("minio", STATEFUL_SETS, "minio.yaml")
REGISTRY = Component("model-registry", DEPLOYMENTS, "model-registry.yaml")
OPERATOR = Component("ml-operator", DEPLOYMENTS, "operator.yaml")
COMPONENTS = (POSTGRESQL, MINIO, REGISTRY, OPERATOR)
"""In the order in which they need each other."""

REGISTRY_SERVICE = "model-registry-service"
REGISTRY_PORT = 8000
MODEL_PORT = 8001

POSTGRESQL_CREDENTIALS = "postgresql-credentials"
MINIO_CREDENTIALS = "minio-credentials"
ADMIN_TOKEN = "registry-admin-token"  # noqa: S105  the name of one
READ_TOKEN = "registry-read-token"  # noqa: S105  the name of one
