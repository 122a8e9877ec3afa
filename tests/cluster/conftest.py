"""A control plane, a registry, an operator, and words to speak of objects with."""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlp.controller.identity import MODEL_DEPLOYMENTS
from mlp.errors import NotFound
from mlp.kube.client import Client
from mlp.kube.connection import Connection, Request, connect
from mlp.kube.resource import DEPLOYMENTS, Resource
from tests.cluster.control_plane import OPERATORS, ControlPlane, what_is_missing
from tests.cluster.operator_process import MANIFESTS, OperatorProcess, wait_for
from tests.controller.stand_in_registry import Registry

COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")


class Namespace:
    """One namespace of the cluster, as a user and as other controllers see it."""

    def __init__(self, plane: ControlPlane, connection: Connection, name: str) -> None:
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

    def wait_for_reason(self, name: str, reason: str, seconds: float = 20) -> dict[str, Any]:
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
        found = [event for event in listed if event["involvedObject"]["name"] == name]
        return [event["reason"] for event in sorted(found, key=lambda each: int(each["metadata"]["resourceVersion"]))]

    def versions(self) -> dict[str, str]:
        """Return the resourceVersion of every object that the operator writes to."""
        kinds = "modeldeployments,deployments,services,poddisruptionbudgets,horizontalpodautoscalers"
        listed = json.loads(self.kubectl("get", kinds, "-o", "json").stdout)["items"]
        return {f"{o['kind']}/{o['metadata']['name']}": o["metadata"]["resourceVersion"] for o in listed}


def document(name: str, **spec: Any) -> dict[str, Any]:
    spec = {"modelName": "iris", "modelVersion": 1} | spec
    return {"apiVersion": "ml.example.com/v1", "kind": "ModelDeployment", "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    """etcd and kube-apiserver, with the CRD installed."""
    missing = what_is_missing()
    if missing is not None:
        pytest.skip(f"no control plane: {missing}")
    folder = Path(tempfile.mkdtemp(prefix="mlp-cluster-"))
    plane = ControlPlane(folder)
    try:
        plane.start()
        plane.kubectl("apply", "--server-side", "-f", str(MANIFESTS / "model-deployment-crd.yaml"))
        plane.kubectl("wait", "--for=condition=Established", "crd/modeldeployments.ml.example.com", "--timeout=20s")
        yield plane
    finally:
        plane.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def admin(plane: ControlPlane) -> Iterator[Connection]:
    connection = connect(plane.kubeconfig)
    yield connection
    connection.close()


_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def new_namespace(plane: ControlPlane, admin: Connection) -> Callable[[], Namespace]:
    """Makes namespaces in which the operator's service account has the rights of the manifests."""

    def make() -> Namespace:
        name = f"test-{next(_numbers)}"
        plane.kubectl("create", "namespace", name)
        rights = (MANIFESTS / "rbac.yaml").read_text().replace("namespace: ml-platform", f"namespace: {name}")
        rights = rights.replace(
            f"  name: ml-operator\n  namespace: {name}\nroleRef",
            "  name: ml-operator\n  namespace: ml-platform\nroleRef",
        )
        plane.kubectl("apply", "-f", "-", stdin=rights)
        return Namespace(plane, admin, name)

    return make


@pytest.fixture(scope="session")
def registry() -> Iterator[Registry]:
    registry = Registry()
    yield registry
    registry.stop()


@pytest.fixture(scope="module")
def namespace(new_namespace: Callable[[], Namespace]) -> Namespace:
    return new_namespace()


@pytest.fixture(scope="module")
def start(plane: ControlPlane, registry: Registry) -> Iterator[Callable[..., OperatorProcess]]:
    """Starts operators, which end with the module."""
    started: list[OperatorProcess] = []

    def make(namespace: Namespace, *, kubeconfig: Path | None = None, url: str | None = None, **more: str):
        config = kubeconfig or plane.kubeconfig_for(OPERATORS[0])
        process = OperatorProcess(plane, url or registry.url, namespace.name, config, **more)
        started.append(process)
        return process

    yield make
    for process in started:
        process.tell_to_stop()
    for process in started:
        process.stop()


@pytest.fixture(scope="module")
def operator(start: Callable[..., OperatorProcess], namespace: Namespace) -> OperatorProcess:
    """The operator of the module's namespace."""
    return start(namespace).wait_until_leading()
