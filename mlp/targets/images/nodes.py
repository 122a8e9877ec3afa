"""The image stores of a cluster's nodes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from mlp.errors import Denied, MlpError, Precondition, Unavailable
from mlp.targets.images.cluster import Cluster, ClusterKind
from mlp.targets.images.engine import Engine
from mlp.targets.images.engine_failure import last_line, load_failure
from mlp.targets.images.identity import digests_within, full_name, listed_digest

_ADDRESSES = ("/run/containerd/containerd.sock", "/run/k3s/containerd/containerd.sock")


class NodeImages(Protocol):
    """The images of one node, or of nodes that share what they are given."""

    @property
    def node(self) -> str:
        """What a person calls it."""

    def digests(self, reference: str) -> Set[str]:
        """Return every digest by which it knows an image; none when it lacks the image. Raises Unavailable, Denied."""

    def take(self, archive: IO[bytes]) -> None:
        """Take the images of a tar. Raises Failed (`image_load_failed`, `image_no_space`), Unavailable, Denied."""


@dataclass(frozen=True)
class ContainerdImages:
    """Images of a node's containerd, by `ctr`: of this machine, or within a container that is the node."""

    node: str
    command: Sequence[str]
    """`ctr` with its options, behind `docker exec NODE` where the node is a container."""

    def digests(self, reference: str) -> Set[str]:
        """Return the digests of the image's index, manifest and configuration."""
        top = listed_digest(self._text("images", "ls", f"name=={reference}"), reference)
        if top is None:
            return set()
        found, pending = {top}, [top]
        while pending:
            document = json.loads(self._text("content", "get", pending.pop()))
            within = digests_within(document)
            found |= within
            # An index may name manifests of other platforms, whose content nobody has.
            pending += sorted(within) if len(within) == 1 and "manifests" in document else []
        return found

    def take(self, archive: IO[bytes]) -> None:
        """Import the tar."""
        ran = subprocess.run([*self.command, "images", "import", "-"], stdin=archive, capture_output=True, check=False)
        if ran.returncode != 0:
            said = ran.stderr.decode(errors="replace") or ran.stdout.decode(errors="replace")
            raise _unreachable(self.node, said) or load_failure("the images", self.node, said)

    def _text(self, *arguments: str) -> str:
        ran = subprocess.run(
            [*self.command, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        if ran.returncode != 0:
            raise _unreachable(self.node, ran.stderr) or Unavailable(
                f"node {self.node} cannot be asked for its images: {last_line(ran.stderr)}", code="node_unreachable"
            )
        return ran.stdout


@dataclass(frozen=True)
class MinikubeImages:
    """Images of a minikube cluster, by its own tool: it knows its runtime, and tells every node."""

    node: str
    """The profile."""
    program: str

    def digests(self, reference: str) -> Set[str]:
        """Return the image's ID and the digests of its manifest."""
        ran = self._run("image", "ls", "--format", "json", stdin=subprocess.DEVNULL)
        if ran.returncode != 0:
            said = last_line(ran.stderr.decode(errors="replace"))
            raise Unavailable(f"minikube {self.node} cannot be asked for its images: {said}", code="node_unreachable")
        for image in json.loads(ran.stdout or b"[]"):
            if reference in map(full_name, image.get("repoTags") or ()):
                manifests = [digest.rpartition("@")[2] for digest in image.get("repoDigests") or ()]
                return {"sha256:" + image["id"].removeprefix("sha256:"), *manifests}
        return set()

    def take(self, archive: IO[bytes]) -> None:
        """Load the tar."""
        ran = self._run("image", "load", "-", stdin=archive)
        if ran.returncode != 0:
            raise load_failure("the images", self.node, ran.stderr.decode(errors="replace"))

    def _run(self, *arguments: str, stdin: int | IO[bytes]) -> subprocess.CompletedProcess[bytes]:
        command = [self.program, "--profile", self.node, *arguments]
        return subprocess.run(command, stdin=stdin, capture_output=True, check=False)


def stores_of(cluster: Cluster, engine: Engine, *, containerd: str | None = None) -> Sequence[NodeImages]:
    """Return the image stores of a cluster's nodes; `containerd` is the address of a plain node's containerd.

    Raises Precondition (`no_minikube`, `no_ctr`, `no_containerd`).
    """
    match cluster.kind:
        case ClusterKind.KIND | ClusterKind.K3D:
            exec_ = (engine.program, "exec", "-i")
            return [ContainerdImages(node, (*exec_, node, "ctr", "-n", "k8s.io")) for node in cluster.nodes]
        case ClusterKind.MINIKUBE:
            program = _program("minikube", "no_minikube")
            return [MinikubeImages(cluster.name, program)]
        case ClusterKind.CONTAINERD:
            return [this_node(cluster.name, containerd)]


def this_node(name: str, address: str | None = None) -> NodeImages:
    """Return the image store of the containerd at `address` of this machine, or at the usual places."""
    program = _program("ctr", "no_ctr")
    found = address or next((each for each in _ADDRESSES if Path(each).exists()), None)
    if found is None:
        raise Precondition(f"no containerd listens at {' or '.join(_ADDRESSES)}", code="no_containerd")
    if not Path(found).exists():
        raise Precondition(f"no containerd listens at {found}", code="no_containerd")
    return ContainerdImages(name, (program, "-a", os.fspath(found), "-n", "k8s.io"))


def _program(name: str, code: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Precondition(f"{name} is not on PATH, and images reach the cluster by it", code=code)
    return found


def _unreachable(node: str, said: str) -> MlpError | None:
    low = said.lower()
    if "permission denied" in low:
        return Denied(f"the images of node {node} are not this user's to change: {last_line(said)}", code="node_denied")
    if any(words in low for words in ("no such container", "is not running", "connection refused", "failed to dial")):
        return Unavailable(f"node {node} does not answer: {last_line(said)}", code="node_unreachable")
    return None
