"""Asking a cluster for its nodes."""

from __future__ import annotations

import json
from importlib.util import find_spec

from mlp.errors import Precondition
from mlp.targets.images.cluster import Cluster, Node, cluster_of, node_of, this_machine


def find_cluster(context: str | None = None) -> Cluster:
    """Return the cluster of a kubeconfig's context, the current one by default.

    Nothing but an image of the platform ever goes there, and only to nodes that are on this machine, so no context has
    to be confirmed. Raises Precondition (`missing_extra`, `no_cluster`, `no_nodes`, `unknown_cluster_kind`), NotFound
    (`unknown_context`), and what the API server's refusals mean.
    """
    if find_spec("kubernetes") is None:
        raise Precondition(
            "asking a cluster needs a package that is not installed (kubernetes)",
            code="missing_extra",
            details={"extra": "kubernetes"},
        )
    return cluster_of(_nodes(context), this_machine())


def _nodes(context: str | None) -> list[Node]:
    from mlp.kube.contexts import read_contexts
    from mlp.kube.opening import open_transport
    from mlp.kube.transport import Request

    if context is not None:
        read_contexts().get(context)
    connection = open_transport(context=context)
    try:
        return [node_of(each) for each in json.loads(connection.send(Request("GET", "/api/v1/nodes")))["items"]]
    finally:
        connection.close()
