"""Ways from this machine to the platform's pods."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from mlp.errors import Unavailable
from mlp.kube.faults import is_ready
from mlp.kube.resource import PODS, name_of
from mlp.targets.kubernetes.cluster import Cluster

if TYPE_CHECKING:
    from mlp.kube.port_forward import PortForward


class Reach:
    """Port-forwards, each opened when it is first asked for and kept until the process ends."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._forwards: dict[tuple[str, int], PortForward] = {}

    def url(self, selector: str, port: int) -> str:
        """Return where a ready pod of the selector answers.

        Raises Unavailable (`no_pod_ready`) where there is none now.
        """
        key = (selector, port)
        if key not in self._forwards:
            from mlp.kube.port_forward import PortForward

            pick = partial(self._ready_pod, selector)
            pick()
            self._forwards[key] = PortForward(self._cluster.connection, self._cluster.namespace, pick, port)
        return self._forwards[key].url

    def pods(self, selector: str) -> Sequence[str]:
        """Return the names of all pods of the selector, in order."""
        pages = self._cluster.client.pages(PODS, self._cluster.namespace, selector)
        return sorted(name_of(pod) for page in pages for pod in page.items)

    def _ready_pod(self, selector: str) -> str:
        pages = self._cluster.client.pages(PODS, self._cluster.namespace, selector)
        ready = [name_of(pod) for page in pages for pod in page.items if is_ready(pod)]
        if not ready:
            raise Unavailable(f"no pod of {selector} takes requests now", code="no_pod_ready")
        return min(ready)
