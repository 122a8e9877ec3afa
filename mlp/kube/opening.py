"""The way to a cluster that costs a command least."""

from __future__ import annotations

from pathlib import Path

from mlp.kube.kubeconfig import Kubeconfig, kubeconfig_files
from mlp.kube.plain_connection import PlainConnection
from mlp.kube.transport import Transport


def open_transport(kubeconfig: Path | None = None, context: str | None = None) -> Transport:
    """Return a way to the cluster of a kubeconfig's context, else of its current one; nothing is sent yet.

    Kubernetes' client is imported only for what a plain kubeconfig has not. Raises Precondition (`no_cluster`).
    """
    plain = Kubeconfig.read(kubeconfig_files(kubeconfig))
    access = None if plain is None else plain.access(context)
    if access is not None:
        return PlainConnection(access)
    from mlp.kube.connection import connect

    return connect(kubeconfig, context)
