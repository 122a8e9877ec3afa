"""One namespace of a cluster, and words to speak of its objects with."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Protocol

from mlp.controller.identity import MODEL_DEPLOYMENTS
from mlp.errors import NotFound
from mlp.kube.client import Client
from mlp.kube.connection import Connection
from mlp.kube.resource import DEPLOYMENTS, DISRUPTION_BUDGETS, SERVICES, Resource
from mlp.kube.transport import Request
from tests.cluster.control_plane import MANIFESTS
from tests.cluster.operator_process import wait_for

COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")


class Cluster(Protocol):
    """A control plane of the tests' own, or a cluster that was there before."""

    kubeconfig: Path
    folder: Path
    """For whatever a test writes."""

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> CompletedProcess[str]:
        """Run kubectl as an administrator; with `check` it has to end well."""


class Namespace:
    """One namespace of the cluster, as a user and as other controllers see it."""

    def __init__(self, plane: Cluster, connection: Connection, name: str) -> None:
        self.plane = plane
        self.connection = connection
        self.client = Client(connection)
        self.name = name

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True):
        return self.plane.kubectl("-n", self.name, *arguments, stdin=stdin, check=check)

    def apply(self, name: str, **spec: Any):
        """Apply a ModelDeployment as `kubectl apply` does; return what kubectl ended with."""
        return self.kubectl("apply", "-f", "-", stdin=json.dumps(document(name, **spec)), check=False)

    def deploy(self, name: str, **spec: Any) -> dict[str, Any]:
        """Apply a ModelDeployment that has to be accepted, and return it."""
        body = {**document(name, **spec), "metadata": {"name": name, "namespace": self.name}}
        return self.client.apply(MODEL_DEPLOYMENTS, body, manager="user", force=True)

    def patch(self, name: str, spec: dict[str, Any], check: bool = True):
        body = json.dumps({"spec": spec})
        return self.kubectl("patch", "modeldeployment", name, "--type=merge", "-p", body, check=check)

    def get(self, resource: Resource, name: str) -> dict[str, Any] | None:
        try:
            return self.client.get(resource, self.name, name)
        except NotFound:
            return None

    def model(self, name: str) -> dict[str, Any]:
        return self.client.get(MODEL_DEPLOYMENTS, self.name, name)

    def child(self, resource: Resource, name: str) -> dict[str, Any]:
        return wait_for(lambda: self.get(resource, name), f"{resource.kind} {name}")

    def deployment(self, name: str) -> dict[str, Any]:
        return self.child(DEPLOYMENTS, name)

    def condition(self, name: str, type_: str) -> dict[str, Any]:
        found = (self.model(name).get("status") or {}).get("conditions") or []
        return next((each for each in found if each["type"] == type_), {"status": None, "reason": None, "message": ""})

    def wait_for_reason(self, name: str, reason: str, seconds: float = 40) -> dict[str, Any]:
        """Wait until the Ready condition of the present spec has a reason; return the condition."""

        def holds() -> dict[str, Any] | None:
            model = self.model(name)
            found = self.condition(name, "Ready")
            current = (model.get("status") or {}).get("observedGeneration") == model["metadata"]["generation"]
            return found if current and found["reason"] == reason else None

        try:
            return wait_for(holds, reason, seconds)
        except AssertionError as error:
            told = (self.model(name).get("status"), self.get(DEPLOYMENTS, name))
            raise AssertionError(f"{error}; it is {told}") from None

    def wait_until_settled(self, name: str) -> dict[str, Any]:
        """Wait until the Deployment of the present spec is there, and the status says so; return the Deployment."""

        def settled() -> dict[str, Any] | None:
            model, live = self.model(name), self.get(DEPLOYMENTS, name)
            observed = (model.get("status") or {}).get("observedGeneration") == model["metadata"]["generation"]
            return live if live is not None and observed else None

        return wait_for(settled, f"{name} is settled")

    def is_converged(self, name: str) -> bool:
        """Whether all children of a deployment without autoscaling are there, and its status is told."""
        children = [(DEPLOYMENTS, name), (SERVICES, f"{name}-service"), (DISRUPTION_BUDGETS, name)]
        return all(self.get(*child) for child in children) and "conditions" in self.model(name).get("status", {})

    def roll_out(self, name: str) -> None:
        """Say what the Deployment controller would say once all pods of the present spec serve."""

        def said() -> bool:
            live = self.wait_until_settled(name)
            self.say(live, **dict.fromkeys(COUNTS, live["spec"]["replicas"]))
            return self.deployment(name)["metadata"]["generation"] == live["metadata"]["generation"]

        wait_for(said, f"{name} is rolled out")

    def say(self, live: dict[str, Any], **status: Any) -> None:
        """Write a Deployment's status; what is not named is 0."""
        status = {"observedGeneration": live["metadata"]["generation"]} | dict.fromkeys(COUNTS, 0) | status
        self.merge(DEPLOYMENTS, live["metadata"]["name"], {"status": status}, "status")

    def merge(self, resource: Resource, name: str, patch: dict[str, Any], subresource: str | None = None) -> None:
        """Change an object by a merge patch, as somebody else."""
        body = json.dumps(patch).encode()
        path = resource.path(self.name, name, subresource)
        self.connection.send(Request("PATCH", path, {"fieldManager": "other"}, body, "application/merge-patch+json"))

    def reasons(self, name: str) -> list[str]:
        """Return the reasons of all events about a ModelDeployment."""
        listed = json.loads(self.kubectl("get", "events", "-o", "json").stdout)["items"]
        about = {"kind": "ModelDeployment", "name": name}
        found = [event for event in listed if about.items() <= event["involvedObject"].items()]
        return [event["reason"] for event in sorted(found, key=lambda each: int(each["metadata"]["resourceVersion"]))]

    def versions(self) -> dict[str, str]:
        """Return the resourceVersion of every object that the operator writes to."""
        kinds = "modeldeployments,deployments,services,poddisruptionbudgets,horizontalpodautoscalers"
        listed = json.loads(self.kubectl("get", kinds, "-o", "json").stdout)["items"]
        return {f"{o['kind']}/{o['metadata']['name']}": o["metadata"]["resourceVersion"] for o in listed}


def document(name: str, **spec: Any) -> dict[str, Any]:
    spec = {"modelName": "iris", "modelVersion": 1} | spec
    return {"apiVersion": "ml.example.com/v1", "kind": "ModelDeployment", "metadata": {"name": name}, "spec": spec}


def make_namespace(plane: Cluster, connection: Connection, name: str, *, account: str | None = None) -> Namespace:
    """Make a namespace in which the service account `ml-operator`, of it or of `account`, has the manifests' rights."""
    plane.kubectl("create", "namespace", name)
    rights = (MANIFESTS / "rbac.yaml").read_text().replace("namespace: ml-platform", f"namespace: {name}")
    rights = rights.replace(
        f"  name: ml-operator\n  namespace: {name}\nroleRef",
        f"  name: ml-operator\n  namespace: {account or name}\nroleRef",
    )
    plane.kubectl("apply", "-f", "-", stdin=rights)
    return Namespace(plane, connection, name)
