"""Which kind of cluster its nodes make, and so how an image gets there without a registry.

Nodes are asked, not the name of a context: that is the user's to change.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from mlp.errors import Precondition

_MINIKUBE_LABEL = "minikube.k8s.io/name"


class ClusterKind(StrEnum):
    """A kind of cluster whose nodes take images from this machine."""

    KIND = "kind"
    K3D = "k3d"
    MINIKUBE = "minikube"
    CONTAINERD = "containerd"
    """This machine is the one node."""


@dataclass(frozen=True)
class Node:
    """What a node of a cluster says of itself, as far as it tells the kind of cluster."""

    name: str
    provider: str = ""
    """`spec.providerID`."""
    runtime: str = ""
    """`containerd://1.7.2`."""
    machine: str = ""
    """Its machine's id."""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Machine:
    """This machine, by the two names under which it may be a node."""

    host: str
    id: str


@dataclass(frozen=True)
class Cluster:
    """A cluster whose nodes take images from this machine."""

    kind: ClusterKind
    name: str
    """The name that its own tool knows it by; the node's, where there is no such tool."""
    nodes: Sequence[str]

    def __str__(self) -> str:
        count = len(self.nodes)
        return f"{self.kind} {self.name} ({count} node{'' if count == 1 else 's'})"


def node_of(document: Mapping[str, Any]) -> Node:
    """Read a Node object."""
    metadata, info = document["metadata"], document.get("status", {}).get("nodeInfo", {})
    return Node(
        name=metadata["name"],
        provider=document.get("spec", {}).get("providerID", ""),
        runtime=info.get("containerRuntimeVersion", ""),
        machine=info.get("machineID", ""),
        labels=metadata.get("labels", {}),
    )


def cluster_of(nodes: Sequence[Node], machine: Machine) -> Cluster:
    """Return the cluster that the nodes make. Raises Precondition (`unknown_cluster_kind`, `no_nodes`)."""
    if not nodes:
        raise Precondition("the cluster has no nodes", code="no_nodes")
    first, names = nodes[0], sorted(node.name for node in nodes)
    if first.provider.startswith("kind://"):
        return Cluster(ClusterKind.KIND, first.provider.split("/")[-2], names)
    if first.provider.startswith("k3s://k3d-") or first.name.startswith("k3d-"):
        return Cluster(ClusterKind.K3D, _k3d_cluster(first.name), names)
    if _MINIKUBE_LABEL in first.labels:
        return Cluster(ClusterKind.MINIKUBE, first.labels[_MINIKUBE_LABEL], names)
    if len(nodes) == 1 and first.runtime.startswith("containerd://") and _is(machine, first):
        return Cluster(ClusterKind.CONTAINERD, first.name, names)
    raise Precondition(
        f"images cannot be copied to node {first.name}: it is no node of kind, minikube or k3d, nor this machine",
        code="unknown_cluster_kind",
    )


def this_machine() -> Machine:
    """Read the names of this machine."""
    file = Path("/etc/machine-id")
    return Machine(host=platform.node(), id=file.read_text("ascii").strip() if file.is_file() else "")


def _is(machine: Machine, node: Node) -> bool:
    same_name = node.name.partition(".")[0].lower() == machine.host.partition(".")[0].lower()
    return same_name or (machine.id != "" and machine.id == node.machine)


def _k3d_cluster(node: str) -> str:
    """Return NAME of a node `k3d-NAME-server-0` or `k3d-NAME-agent-1`."""
    return node.removeprefix("k3d-").rsplit("-", 2)[0]
