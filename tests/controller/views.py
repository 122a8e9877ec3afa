"""What a cluster shows of a ModelDeployment, for the decisions that need no cluster."""

from __future__ import annotations

import copy
from typing import Any

from mlp.api.deployment import ModelDeployment
from mlp.controller.answer import Resolved
from mlp.controller.pod import PodSettings
from mlp.controller.reconcile import Apply, HandOver, Remove, View, reconcile
from mlp.kube.resource import DEPLOYMENTS

DIGEST = "d" * 64
UID = "uid-1"
KNOWN = Resolved(DIGEST)
PODS = PodSettings(
    image="ml-platform/inference-server:1",
    image_pull_policy="IfNotPresent",
    registry_url="http://registry:8000",
    registry_token_secret="registry-read-token",
    progress_deadline_seconds=600,
)


def deployment(status: Any = None, generation: int = 1, **spec: Any) -> ModelDeployment:
    document = {
        "metadata": {"name": "my-model", "namespace": "ml-platform", "generation": generation},
        "spec": {"modelName": "iris", "modelVersion": 1} | spec,
    }
    return ModelDeployment.model_validate(document).model_copy(update={"status": status})


def view(model: ModelDeployment | None = None, answer: Any = KNOWN, children: Any = (), pods: Any = ()) -> View:
    return View(model or deployment(), UID, answer, dict(children), pods)


def live_after(seen: View) -> dict[Any, Any]:
    """Return the children as they are once a plan was carried out."""
    children = {resource: copy.deepcopy(obj) for resource, obj in seen.children.items()}
    for action in reconcile(seen, PODS).actions:
        match action:
            case Apply(resource, body):
                made = copy.deepcopy(body)
                made["metadata"].setdefault("uid", f"uid-{resource.kind}")
                made["metadata"] |= {"generation": 1, "resourceVersion": "1"}
                if resource is DEPLOYMENTS:
                    made = _deployed(children.get(resource), made)
                children[resource] = made
            case HandOver():
                children[DEPLOYMENTS]["metadata"].pop("managedFields", None)
            case Remove(resource):
                del children[resource]
    return children


def _deployed(before: Any, made: dict[str, Any]) -> dict[str, Any]:
    if "replicas" in made["spec"]:
        fields = {"f:spec": {"f:replicas": {}}}
        made["metadata"]["managedFields"] = [{"manager": "mlp-operator", "fieldsV1": fields}]
    else:
        made["spec"]["replicas"] = before["spec"]["replicas"] if before else 1
    return made


def serving(children: dict[Any, Any], **numbers: int) -> dict[Any, Any]:
    """Return the children with a Deployment all of whose pods serve, but for `numbers`."""
    live = copy.deepcopy(children[DEPLOYMENTS])
    desired = live["spec"]["replicas"]
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    status = {"observedGeneration": live["metadata"]["generation"]} | dict.fromkeys(counts, desired) | numbers
    return {**children, DEPLOYMENTS: {**live, "status": status}}


def template_in(children: dict[Any, Any]) -> str:
    """Return the template that pods of the Deployment are made of."""
    return children[DEPLOYMENTS]["spec"]["template"]["metadata"]["annotations"]["ml.example.com/template"]


def pod(
    version: int,
    *,
    ready: bool = True,
    name: str = "p",
    created: str = "2026-01-01T00:00:00Z",
    template: str = "",
    **status: Any,
):
    metadata = {
        "name": f"{name}-{version}",
        "creationTimestamp": created,
        "labels": {"model-version": str(version)},
        "annotations": {"ml.example.com/digest": DIGEST, "ml.example.com/template": template},
    }
    told = {"conditions": [{"type": "Ready", "status": str(ready)}], **status}
    return {"metadata": metadata, "status": told}
