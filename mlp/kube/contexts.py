"""The contexts of a kubeconfig: which clusters a person can speak to, and which of them are on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlp.errors import NotFound
from mlp.kube.kubeconfig import Kubeconfig, kubeconfig_files

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
    files = kubeconfig_files(kubeconfig)
    plain = Kubeconfig.read(files)
    every, current = _read_by_official_client(files) if plain is None else (plain.contexts, plain.current)
    return Contexts(tuple(map(_context, every)), _context(current) if current else None)


def _read_by_official_client(files: str) -> tuple[Sequence[Mapping[str, Any]], Mapping[str, Any] | None]:
    from mlp.kube.official import list_kube_config_contexts, reading

    with reading(files):
        every, current = list_kube_config_contexts(files)
    return every, current


def _context(entry: Mapping[str, Any]) -> Context:
    inner = entry["context"]
    return Context(entry["name"], inner.get("cluster", ""), inner.get("namespace") or None)
