"""What the operator sees of one namespace: ModelDeployments, everything that has the name of a child, and pods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from mlp.controller.identity import CHILDREN, INSTANCE, MANAGED_BY, MANAGER, MODEL_DEPLOYMENTS, child_name, owner_name
from mlp.kube.client import Client
from mlp.kube.reflector import Patience, Reflector, Source
from mlp.kube.resource import DEPLOYMENTS, PODS, Object, Resource
from mlp.kube.store import Change, Store, without_managed_fields


class Key(NamedTuple):
    """A ModelDeployment."""

    namespace: str
    name: str


class NamespaceWatch:
    """Stores of one namespace and the reflectors that fill them; `enqueue` is told which ModelDeployment to look at.

    Objects of others are seen too, without their contents: who wants a name must know that it is taken, and when it
    is free again.
    """

    def __init__(self, client: Client, namespace: str, enqueue: Callable[[Key], None], patience: Patience) -> None:
        self.namespace = namespace
        self._enqueue = enqueue
        self._stores: dict[Resource, Store] = {
            MODEL_DEPLOYMENTS: Store(index=model_of),
            **{resource: Store(keep=_keep_deployment if resource is DEPLOYMENTS else _keep) for resource in CHILDREN},
            PODS: Store(keep=_keep_pod, index=_instance_of),
        }
        ours = {PODS: f"{MANAGED_BY}={MANAGER}"}
        self.reflectors = [
            Reflector(
                client,
                Source(resource, namespace, ours.get(resource)),
                store,
                partial(self._changed, resource),
                patience,
            )
            for resource, store in self._stores.items()
        ]

    def get(self, name: str) -> Object | None:
        """Return a ModelDeployment, or None."""
        return self._stores[MODEL_DEPLOYMENTS].get(name)

    def all(self) -> list[Key]:
        """Return all ModelDeployments."""
        return [Key(self.namespace, name) for name in self._stores[MODEL_DEPLOYMENTS].names()]

    def serving(self, model: str, version: int) -> list[Key]:
        """Return the ModelDeployments that ask for a version."""
        found = self._stores[MODEL_DEPLOYMENTS].indexed(f"{model}:{version}")
        return [Key(self.namespace, obj["metadata"]["name"]) for obj in found]

    def children_of(self, name: str) -> Mapping[Resource, Object]:
        """Return the objects that have the names of children, whoever's they are."""
        found = {resource: self._stores[resource].get(child_name(resource, name)) for resource in CHILDREN}
        return {resource: obj for resource, obj in found.items() if obj is not None}

    def pods_of(self, name: str) -> list[Object]:
        """Return the pods of a ModelDeployment."""
        return self._stores[PODS].indexed(name)

    def wrote(self, resource: Resource, obj: dict[str, Any]) -> None:
        """Take the answer to a write, so that it is seen before the watch tells of it."""
        self._stores[resource].wrote(obj)

    def deleted(self, resource: Resource, obj: Object) -> None:
        """Take the answer to a deletion."""
        self._stores[resource].delete(obj)

    def _changed(self, resource: Resource, change: Change) -> None:
        if resource is MODEL_DEPLOYMENTS:
            name: str | None = change.name
        elif resource is PODS:
            name = _instance_of(change.after or change.before or {})
        else:
            name = owner_name(resource, change.name)
        if name is not None:
            self._enqueue(Key(self.namespace, name))


def model_of(obj: Object) -> str | None:
    """Return the version that a ModelDeployment asks for, as `iris:2`; None where it is malformed."""
    spec = obj.get("spec") or {}
    return f"{spec.get('modelName')}:{spec.get('modelVersion')}"


def _instance_of(pod: Object) -> str | None:
    label = (pod.get("metadata", {}).get("labels") or {}).get(INSTANCE)
    return None if label is None else str(label)


def _keep(obj: dict[str, Any]) -> Object:
    if any(owner.get("kind") == MODEL_DEPLOYMENTS.kind for owner in obj["metadata"].get("ownerReferences", ())):
        return without_managed_fields(obj)
    known = ("name", "namespace", "uid", "resourceVersion", "ownerReferences")
    return {"metadata": {key: obj["metadata"][key] for key in known if key in obj["metadata"]}}


def _keep_deployment(obj: dict[str, Any]) -> Object:
    """Keep of the record of who wrote what only who owns the number of replicas."""
    owners = [
        {"manager": entry["manager"], "fieldsV1": {"f:spec": {"f:replicas": {}}}}
        for entry in obj["metadata"].get("managedFields", ())
        if "f:replicas" in entry.get("fieldsV1", {}).get("f:spec", {})
    ]
    kept = _keep(obj)
    if owners and "spec" in kept:
        obj["metadata"]["managedFields"] = owners
    return kept


def _keep_pod(obj: dict[str, Any]) -> Object:
    known = (
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "labels",
        "annotations",
        "creationTimestamp",
        "deletionTimestamp",
    )
    metadata = {key: obj["metadata"][key] for key in known if key in obj["metadata"]}
    told = ("conditions", "containerStatuses", "initContainerStatuses")
    status = obj.get("status", {})
    return {"metadata": metadata, "status": {key: status[key] for key in told if key in status}}
