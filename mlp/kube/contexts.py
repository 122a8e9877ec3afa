"""The contexts of a kubeconfig: which clusters a person can speak to, and which of them are on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlp.errors import NotFound, Precondition
from mlp.kube.connection import kubeconfig_files
from mlp.kube.official import ConfigException, list_kube_config_contexts

_LOCAL = frozenset({"minikube", "docker-desktop", "docker-for-desktop", "rancher-desktop", "orbstack", "microk8s"})
_LOCAL_PREFIXES = ("kind-", "k3d-", "minikube-", "colima")


@dataclass(frozen=True)
class Context:
    """A cluster, a user and perhaps a namespace, under a name."""

    name: str
    cluster: str
    namespace: str | None

    @property
    def is_local(self) -> bool:
        """Whether a tool for clusters on one's own machine made it, as its name tells.

        An address of loopback tells nothing: it may be a tunnel to anywhere.
        """
        return any(name in _LOCAL or name.startswith(_LOCAL_PREFIXES) for name in (self.name, self.cluster))


@dataclass(frozen=True)
class Contexts:
    """Every context of a kubeconfig, and the one that is chosen in it."""

    every: tuple[Context, ...]
    current: Context | None

    def get(self, name: str) -> Context:
        """Return the context of that name. Raises NotFound (`unknown_context`) naming those that there are."""
        found = next((context for context in self.every if context.name == name), None)
        if found is None:
            known = ", ".join(sorted(context.name for context in self.every)) or "none"
            raise NotFound(f"the kubeconfig has no context {name!r}; it has: {known}", code="unknown_context")
        return found


def read_contexts(kubeconfig: Path | None = None) -> Contexts:
    """Read them from a kubeconfig: that one, else those of KUBECONFIG, else the user's.

    Raises Precondition (`no_cluster`) where there is none, or it cannot be read.
    """
    try:
        every, current = list_kube_config_contexts(kubeconfig_files(kubeconfig))
    except (ConfigException, OSError) as error:
        raise Precondition(f"no cluster to speak to: {error}", code="no_cluster") from error
    return Contexts(tuple(map(_context, every)), _context(current) if current else None)


def _context(entry: Mapping[str, Any]) -> Context:
    inner = entry["context"]
    return Context(entry["name"], inner.get("cluster", ""), inner.get("namespace") or None)
