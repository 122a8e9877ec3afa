"""Failures of images: an engine to build them, nodes and registries to take them."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.known import Known

IMAGES: Mapping[str, Known] = {
    "no_engine": Known(
        "MLP1502",
        "No container engine",
        "Images are built and copied by docker or podman, and neither is on PATH.",
        "install docker or podman; or use images that somebody pushed: mlp up --image-registry HOST/PATH",
    ),
    "engine_not_running": Known(
        "MLP1503",
        "The container engine does not answer",
        "Its program is installed, and its daemon does not run.",
        "start it: Docker Desktop, or systemctl start docker; then docker ps has to answer",
    ),
    "engine_denied": Known(
        "MLP1504",
        "The container engine refuses this user",
        "The user may not open the daemon's socket.",
        "join the group docker and log in again, or use podman: --engine podman",
    ),
    "unknown_image": Known(
        "MLP1505",
        "No such image",
        "The platform has three images: api, inference-server and operator.",
        "mlp image ls",
        exit=2,
    ),
    "image_build_failed": Known(
        "MLP1506",
        "An image was not built",
        "A step of its Dockerfile failed; the end of the log stands above.",
        "mend what the log names (often: no way to the package index), then run it again; finished steps are kept",
    ),
    "base_image_missing": Known(
        "MLP1507",
        "The base image cannot be pulled",
        "Images are built on one with Python, and the engine neither has it nor gets it.",
        "docker pull {image}; or name one that you have: --python-image NAME",
    ),
    "image_no_space": Known(
        "MLP1508",
        "No space for images",
        "The disk of the engine, of the node or of the folder for temporary files is full.",
        "docker system prune, or make room where the message says",
    ),
    "image_not_built": Known(
        "MLP1509",
        "The image is not there",
        "It was not built on this machine, or not in this version.",
        "mlp image build {names}",
    ),
    "image_save_failed": Known(
        "MLP1510",
        "An image cannot be read",
        "The engine broke off while it gave the image out.",
        "mlp image build --force, then load again",
    ),
    "unknown_cluster_kind": Known(
        "MLP1511",
        "Nodes of this cluster take no images from here",
        "They are neither kind's, minikube's or k3d's, nor is this machine the one node.",
        "mlp image push --registry HOST/PATH, with a registry that the nodes can pull from",
    ),
    "no_nodes": Known(
        "MLP1512",
        "The cluster has no nodes",
        "No node has joined it, or the context names another cluster.",
        "kubectl get nodes; choose another one with --context NAME",
    ),
    "no_minikube": Known(
        "MLP1513",
        "minikube is not on PATH",
        "The cluster is minikube's, and its images are loaded by that program.",
        "install minikube, or add its folder to PATH",
    ),
    "no_ctr": Known(
        "MLP1514",
        "ctr is not on PATH",
        "A node's containerd takes images by that program.",
        "install containerd's ctr, or push instead: mlp image push --registry HOST/PATH",
    ),
    "no_containerd": Known(
        "MLP1515",
        "No containerd there",
        "Nothing listens where this node's containerd was looked for.",
        "name its socket: --containerd PATH",
    ),
    "node_unreachable": Known(
        "MLP1516",
        "A node does not answer",
        "Its container or its containerd does not run on this machine.",
        "kubectl get nodes; start the cluster, or choose another one with --context NAME",
    ),
    "node_denied": Known(
        "MLP1517",
        "A node's images are not this user's to change",
        "containerd's socket belongs to root.",
        "run mlp image load as root (sudo), or push: mlp image push --registry HOST/PATH",
    ),
    "image_load_failed": Known(
        "MLP1518",
        "A node did not take an image",
        "Its containerd refused the archive, or broke off.",
        "run it again; if it stays so, look at the node's disk and its containerd's log",
    ),
    "image_not_on_node": Known(
        "MLP1519",
        "The node has another version of the image",
        "It took the archive, and still knows an older image by that name.",
        "remove the old one from the node (crictl rmi NAME), then mlp image load",
    ),
    "invalid_image_registry": Known(
        "MLP1520",
        "Not an image registry",
        "HOST or HOST/PATH was expected, without https:// and without a tag.",
        "--registry ghcr.io/you/mlp",
    ),
    "image_push_denied": Known(
        "MLP1521",
        "The registry refuses the image",
        "The engine is not logged in there, or may not write to that path.",
        "docker login {host}",
    ),
    "image_registry_unreachable": Known(
        "MLP1522",
        "The registry does not answer",
        "The host is unknown, does not listen, or has a certificate that the engine does not trust.",
        "check HOST, and what docker login HOST says",
    ),
    "image_push_failed": Known(
        "MLP1523",
        "An image was not pushed",
        "The registry broke off, or does not take it.",
        "docker push {image} shows the whole answer",
    ),
}
