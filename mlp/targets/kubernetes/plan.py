"""Which objects make the platform: the manifests, and what a person has decided. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from mlp.kube.resource import Resource
from mlp.targets.kubernetes.choices import Address, Choices
from mlp.targets.kubernetes.names import (
    COMPONENTS,
    DASHBOARDS,
    MINIO,
    PART_OF,
    PLATFORM,
    POSTGRESQL,
    REGISTRY,
    RESOURCES,
    SERVICE_MONITORS,
)

Body = dict[str, Any]
_EVERYWHERE = ("namespace.yaml", "model-deployment-crd.yaml", "rbac.yaml", "networkpolicies.yaml")
_OWN_IMAGES = "ml-platform/"
_ORDER = list(RESOURCES)


def planned(manifests: Path, choices: Choices) -> list[Body]:
    """Return the objects, in the order in which they are applied."""
    chosen = {component.manifest for component in choices.components}
    files = [*_EVERYWHERE, *(component.manifest for component in COMPONENTS if component.manifest in chosen)]
    objects = [adapted(obj, choices) for file in files for obj in _documents(manifests / file)]
    left_out = {component.name for component in COMPONENTS} - {component.name for component in choices.components}
    wanted = (obj for obj in objects if not (obj["kind"] == "NetworkPolicy" and obj["metadata"]["name"] in left_out))
    return sorted(wanted, key=lambda obj: _ORDER.index(obj["kind"]))


def observing(manifests: Path, choices: Choices, known: Collection[Resource]) -> list[Body]:
    """Return what Prometheus' and Grafana's operators read, as far as the cluster knows these kinds."""
    files = {SERVICE_MONITORS: "servicemonitors.yaml", DASHBOARDS: "dashboard.yaml"}
    wanted = [file for resource, file in files.items() if resource in known]
    return [adapted(obj, choices) for file in wanted for obj in _documents(manifests / "monitoring" / file)]


def adapted(obj: Mapping[str, Any], choices: Choices) -> Body:
    """Return an object of the manifests as it is applied: in its namespace, labelled, and with the choices in it."""
    body: Body = deepcopy(dict(obj))
    metadata = body["metadata"]
    metadata["labels"] = {**metadata.get("labels", {}), PART_OF: PLATFORM}
    if body["kind"] == "Namespace":
        metadata["name"] = choices.namespace
    elif RESOURCES[body["kind"]].namespaced:
        metadata["namespace"] = choices.namespace
    for subject in body.get("subjects", ()):
        subject["namespace"] = choices.namespace
    if "egress" in body.get("spec", {}):
        body["spec"]["egress"] = [_way(rule, choices) for rule in body["spec"]["egress"]]
    for container in _containers(body):
        _choose(container, metadata["name"], choices)
    return body


def own_images(objects: Iterable[Body]) -> list[str]:
    """Return the images of the platform that objects name, those that its pods start included."""
    named = {container["image"] for obj in objects for container in _containers(obj)}
    variables = (variable for obj in objects for each in _containers(obj) for variable in each.get("env", ()))
    named |= {variable["value"] for variable in variables if variable["name"] == "MLP_INFERENCE_IMAGE"}
    return sorted(image for image in named if image.startswith(_OWN_IMAGES))


def image_in(image: str, registry: str | None) -> str:
    """Return where an image of the platform is pulled from; those of others stay where they are."""
    if registry is None or not image.startswith(_OWN_IMAGES):
        return image
    return f"{registry.rstrip('/')}/{image}"


def _choose(container: Body, name: str, choices: Choices) -> None:
    container["image"] = image_in(container["image"], choices.image_registry)
    for variable in container.get("env", ()):
        if variable["name"] == "MLP_INFERENCE_IMAGE":
            variable["value"] = image_in(variable["value"], choices.image_registry)
    if name != REGISTRY.name:
        return
    values = {"MLP_REGISTRY_STORE": f"s3://{choices.bucket}"}
    if choices.database is not None:
        values["DATABASE_URL"] = choices.database.url
    if choices.store is not None:
        values["MLP_REGISTRY_S3_ENDPOINT"] = choices.store.url
    for variable in container["env"]:
        variable["value"] = values.get(variable["name"], variable.get("value"))


def _way(rule: Body, choices: Choices) -> Body:
    """Return a rule of egress, led outside where what it leads to is outside."""
    outside: Mapping[str, Address | None] = {POSTGRESQL.name: choices.database, MINIO.name: choices.store}
    for peer in rule.get("to", ()):
        address = outside.get(peer.get("podSelector", {}).get("matchLabels", {}).get("app", ""))
        if address is not None:
            return {"ports": [{"port": address.port, "protocol": "TCP"}]}  # no policy knows the names of hosts
    return rule


def _containers(body: Body) -> Iterable[Body]:
    template = body.get("spec", {}).get("template", {})
    containers: list[Body] = template.get("spec", {}).get("containers", [])
    return containers


def _documents(file: Path) -> Iterator[Body]:
    return filter(None, yaml.safe_load_all(file.read_text("utf-8")))
