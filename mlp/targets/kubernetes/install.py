"""Applying the platform's objects, and telling what that changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlp.errors import Denied, NotFound
from mlp.kube.client import Client
from mlp.kube.resource import CUSTOM_RESOURCES, Resource
from mlp.targets.kubernetes.names import MANAGER, RESOURCES
from mlp.targets.kubernetes.seen import live

Body = Mapping[str, Any]


@dataclass
class Changes:
    """What applying did, as `Kind/name`."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)

    def words(self) -> str:
        """Return it in a few words."""
        counts = {"created": self.created, "changed": self.changed, "unchanged": self.unchanged}
        return ", ".join(f"{len(names)} {word}" for word, names in counts.items() if names) or "nothing to do"


def apply(client: Client, objects: Iterable[Body], *, dry_run: bool = False) -> Changes:
    """Apply objects one after the other, server-side; with `dry_run` the server judges them and keeps nothing."""
    changes = Changes()
    for obj in objects:
        before = live(client, obj)
        resource = RESOURCES[obj["kind"]]
        after = client.apply(resource, obj, manager=MANAGER, force=True, dry_run=dry_run)
        name = f"{obj['kind']}/{obj['metadata']['name']}"
        if before is None:
            changes.created.append(name)
        elif _same(before, after):
            changes.unchanged.append(name)
        else:
            changes.changed.append(name)
    return changes


def knows(client: Client, resource: Resource) -> bool:
    """Whether the cluster has the custom kind, as far as the user may see that."""
    try:
        client.get(CUSTOM_RESOURCES, None, f"{resource.plural}.{resource.api_version.partition('/')[0]}")
    except (NotFound, Denied):
        return False
    return True


def _same(before: Body, after: Body) -> bool:
    """Whether nothing but the server's own bookkeeping differs."""
    return _essence(before) == _essence(after)


def _essence(obj: Body) -> dict[str, Any]:
    metadata = {key: value for key, value in obj["metadata"].items() if key not in ("managedFields", "resourceVersion")}
    return {key: value for key, value in obj.items() if key != "status"} | {"metadata": metadata}
