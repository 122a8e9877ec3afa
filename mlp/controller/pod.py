"""The pods that serve a model version, as the Deployment makes them. Pure.

They run without privileges, without a token of the cluster and on a root file system that nothing writes to; the
registry's read token and the API keys of the model's callers are their only secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlp.api.deployment import ModelDeployment, Resources
from mlp.controller.drift import fingerprint
from mlp.controller.identity import COMPONENT, DIGEST, TEMPLATE, selector_of
from mlp.kube.resource import Object

HTTP, HTTP_PORT = "http", 8001
GRPC, GRPC_PORT = "grpc", 9000
"""Ours sets MLP_GRPC_PORT, since it has what that needs; where an image leaves gRPC out nobody listens there."""
HEALTH, HEALTH_PORT = "health", 8081
"""For probes and Prometheus alone: it answers whatever happens on the others, and is no port of the Service."""
_USER = 10_001
_TOKEN_FOLDER = "/var/run/secrets/mlp"  # noqa: S105  a folder
_KEYS_FOLDER = "/var/run/secrets/mlp-keys"
_KEYS = "keys"
_SCRATCH = "/tmp"  # noqa: S108  a volume of the pod's own
_LEAVE_SECONDS = 5  # until every node knows that a pod takes no new connections
_DRAIN_SECONDS = 5
_GRACE_SECONDS = 40
_START_SECONDS = 600


@dataclass(frozen=True)
class PodSettings:
    """What the pods of all ModelDeployments have in common."""

    image: str
    image_pull_policy: str
    registry_url: str
    registry_token_secret: str
    """A Secret with the registry's read token under the key `token`."""
    progress_deadline_seconds: int


def pod_template(
    deployment: ModelDeployment, digest: str, labels: Mapping[str, str], settings: PodSettings
) -> dict[str, Any]:
    """Return the template of the pods that serve the version whose digest is `digest`."""
    template: dict[str, Any] = {
        "metadata": {"labels": dict(labels), "annotations": {DIGEST: digest}},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": _GRACE_SECONDS,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": _USER,
                "runAsGroup": _USER,
                "fsGroup": _USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "topologySpreadConstraints": [
                _spread(deployment.metadata.name, key)
                for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
            ],
            "containers": [_container(deployment, digest, settings)],
            "volumes": [
                {"name": "scratch", "emptyDir": {"sizeLimit": "8Gi"}},
                {
                    "name": "registry-token",
                    # Optional: a server without it says what it lacks, a pod without it says nothing.
                    "secret": {"secretName": settings.registry_token_secret, "defaultMode": 0o440, "optional": True},
                },
                {
                    "name": "api-keys",
                    # Optional: without it the model answers whoever the network policies let through.
                    "secret": {
                        "secretName": api_keys_secret(deployment.metadata.name),
                        "items": [{"key": _KEYS, "path": _KEYS}],
                        "defaultMode": 0o440,
                        "optional": True,
                    },
                },
            ],
        },
    }
    template["metadata"]["annotations"][TEMPLATE] = fingerprint(template)
    return template


def api_keys_secret(name: str) -> str:
    """Return which Secret may hold the API keys of a ModelDeployment's callers, one a line, under the key `keys`."""
    return f"{name}-api-keys"


def template_of(made: Object) -> str | None:
    """Return which template a pod, or a template, is of; None where somebody else made it."""
    annotation = (made["metadata"].get("annotations") or {}).get(TEMPLATE)
    return None if annotation is None else str(annotation)


def _spread(name: str, key: str) -> dict[str, Any]:
    return {
        "topologyKey": key,
        "maxSkew": 1,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": dict(selector_of(name))},
        "matchLabelKeys": ["pod-template-hash"],
    }


def _container(deployment: ModelDeployment, digest: str, settings: PodSettings) -> dict[str, Any]:
    return {
        "name": COMPONENT,
        "image": settings.image,
        "imagePullPolicy": settings.image_pull_policy,
        "env": [
            {"name": name, "value": value} for name, value in sorted(_environment(deployment, digest, settings).items())
        ],
        "ports": [
            {"name": name, "containerPort": port, "protocol": "TCP"}
            for name, port in ((HTTP, HTTP_PORT), (GRPC, GRPC_PORT), (HEALTH, HEALTH_PORT))
        ],
        "resources": _resources(deployment.spec.resources),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "startupProbe": _probe("/health", period=1, failures=_START_SECONDS),
        "readinessProbe": _probe("/ready", period=5, failures=2),
        "livenessProbe": _probe("/health", period=10, failures=6),
        "lifecycle": {"preStop": {"sleep": {"seconds": _LEAVE_SECONDS}}},
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": "scratch", "mountPath": _SCRATCH},
            {"name": "registry-token", "mountPath": _TOKEN_FOLDER, "readOnly": True},
            {"name": "api-keys", "mountPath": _KEYS_FOLDER, "readOnly": True},
        ],
    }


def _resources(resources: Resources) -> dict[str, Any]:
    """Return the resources that are said, without empty parts."""
    return {part: amounts for part, amounts in resources.model_dump(exclude_none=True).items() if amounts}


def _environment(deployment: ModelDeployment, digest: str, settings: PodSettings) -> Mapping[str, str]:
    spec = deployment.spec
    environment = {
        "MLP_MODEL_NAME": spec.model_name,
        "MLP_MODEL_VERSION": str(spec.model_version),
        "MLP_MODEL_DIGEST": digest,
        "MLP_REGISTRY_URL": settings.registry_url,
        "MLP_REGISTRY_TOKEN_FILE": f"{_TOKEN_FOLDER}/token",
        "MLP_CACHE_DIR": f"{_SCRATCH}/models",
        "MLP_HOST": "0.0.0.0",  # noqa: S104  the network policies guard it
        "MLP_PORT": str(HTTP_PORT),
        "MLP_HEALTH_PORT": str(HEALTH_PORT),
        "MLP_ALLOW_OPEN": "1",
        "MLP_API_KEYS_FILE": f"{_KEYS_FOLDER}/{_KEYS}",
        "MLP_DRAIN_SECONDS": str(_DRAIN_SECONDS),
        "MLP_TERMINATION_FILE": "/dev/termination-log",
        "HOME": _SCRATCH,
    }
    return environment if spec.environment is None else {**environment, "MLP_ENVIRONMENT": spec.environment}


def _probe(path: str, *, period: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": HEALTH},
        "periodSeconds": period,
        "timeoutSeconds": 3,
        "failureThreshold": failures,
    }
