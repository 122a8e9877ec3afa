"""One namespace of one cluster, under the context that was chosen when the command began."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlp.kube.client import Client
from mlp.kube.codec import StandardCodec
from mlp.kube.contexts import Context
from mlp.kube.opening import open_transport
from mlp.kube.transport import Transport


@dataclass(frozen=True)
class Cluster:
    """What speaks to it; a context that is chosen elsewhere meanwhile changes nothing here."""

    context: Context
    namespace: str
    connection: Transport
    client: Client

    @classmethod
    def open(cls, context: Context, namespace: str, kubeconfig: Path | None = None) -> Cluster:
        """Make the connections of a context; nothing is sent yet. Raises Precondition (`no_cluster`)."""
        connection = open_transport(kubeconfig, context.name)
        return cls(context, namespace, connection, Client(connection, codec=StandardCodec()))

    def describe(self) -> str:
        """Return context and namespace, and whether this is a cluster of this machine."""
        kind = "local cluster" if self.context.is_local else "cluster"
        return f"kubernetes ({self.context.name} / {self.namespace}, {kind})"
