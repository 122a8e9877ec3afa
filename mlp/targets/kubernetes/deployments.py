"""ModelDeployments of one namespace, as documents."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from mlp.api.documents import DeploymentDocument, MetaDocument, StatusDocument
from mlp.api.kind import API_VERSION, KIND
from mlp.api.shape import Misshapen, check, in_order
from mlp.errors import Failed, Invalid, NotFound, Precondition
from mlp.kube.client import Client
from mlp.targets.kubernetes.names import MANAGER, MODEL_DEPLOYMENTS

if TYPE_CHECKING:
    from mlp.api.deployment import ModelDeployment


class Deployments:
    """Reads and writes them."""

    def __init__(self, client: Client, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    def apply(self, deployment: ModelDeployment) -> DeploymentDocument:
        """Apply one, and return it as it is kept. Raises Invalid with the words of the rule that it breaks."""
        body = deployment.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
        meta = deployment.metadata
        body["metadata"] = {
            "name": meta.name,
            "namespace": self._namespace,
            **({"labels": meta.labels} if meta.labels else {}),
            **({"annotations": meta.annotations} if meta.annotations else {}),
        }
        body.pop("status", None)
        try:
            return _read(self._client.apply(MODEL_DEPLOYMENTS, body, manager=MANAGER, force=True))
        except NotFound as error:
            raise _no_platform(self._namespace) from error
        except Invalid as error:
            raise Invalid(error.message, code="invalid_deployment", details=error.details) from error

    def get(self, name: str) -> DeploymentDocument:
        """Return one. Raises NotFound (`deployment_not_found`)."""
        return _read(self._object(name))

    def every(self) -> list[DeploymentDocument]:
        """Return all, by name. Raises Precondition (`platform_not_running`) where the cluster does not know them."""
        try:
            objects = [obj for page in self._client.pages(MODEL_DEPLOYMENTS, self._namespace) for obj in page.items]
        except NotFound as error:
            raise _no_platform(self._namespace) from error
        return sorted(map(_read, objects), key=lambda each: each["metadata"]["name"])

    def delete(self, name: str) -> None:
        """Delete one, and wait until it is gone. Raises NotFound (`deployment_not_found`)."""
        obj = self._object(name)
        self._client.delete(MODEL_DEPLOYMENTS, obj)
        wait_for(lambda: self._is_gone(name, obj["metadata"]["uid"]), 30.0)

    def _is_gone(self, name: str, uid: str) -> bool:
        try:
            return bool(self._object(name)["metadata"]["uid"] != uid)
        except NotFound:
            return True

    def _object(self, name: str) -> dict[str, Any]:
        try:
            return self._client.get(MODEL_DEPLOYMENTS, self._namespace, name)
        except NotFound as error:
            raise NotFound(
                f"there is no deployment {name} in {self._namespace}",
                code="deployment_not_found",
                details={"name": name},
            ) from error


def wait_for(done: Callable[[], bool], seconds: float) -> bool:
    """Look until it is done, for so many seconds at most; return whether it is."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _read(obj: dict[str, Any]) -> DeploymentDocument:
    """Return an object as a file would have it: what else a cluster writes beside the spec is passed over."""
    meta = {"labels": {}, "annotations": {}, **obj.get("metadata", {})}
    document = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": _named(meta, MetaDocument),
        "spec": obj.get("spec"),
    }
    if obj.get("status") is not None:
        document["status"] = _named(obj["status"], StatusDocument)
    try:
        check(document, DeploymentDocument)
    except Misshapen as error:
        name = meta.get("name", "?")
        raise Failed(f"the ModelDeployment {name} is newer than this mlp", code="unexpected_answer") from error
    return cast(DeploymentDocument, in_order(document, DeploymentDocument))


def _named(part: dict[str, Any], kind: Any) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name in kind.__annotations__}


def _no_platform(namespace: str) -> Precondition:
    return Precondition(f"no platform runs in the namespace {namespace}", code="platform_not_running")
