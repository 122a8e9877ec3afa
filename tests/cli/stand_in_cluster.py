"""An API server that has the deployments of a stand-in platform, and components that are ready."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cli.stand_in_platform import Platform
from tests.kube.scripted_api import Asked, Reply, ScriptedApi, listed

NAMESPACE = "ml-platform"


@contextmanager
def cluster(known: Platform, folder: Path) -> Iterator[ScriptedApi]:
    """Serve what is deployed now; its kubeconfig has the context `c`."""
    objects = {name: _kept(each.document()) for name, each in known.deployments.items()}

    def script(asked: Asked, reply: Reply) -> None:
        kind, _, name = asked.path.partition("/namespaces/")[2].partition("/")[2].partition("/")
        if kind == "modeldeployments":
            reply.send(200, objects[name] if name else listed(*objects.values(), version=1))
        elif name:
            reply.send(200, _workload(name))
        else:
            reply.send(200, listed(version=1))

    api = ScriptedApi(script, folder)
    try:
        yield api
    finally:
        api.stop()


def _kept(document: Any) -> dict[str, Any]:
    """Return a document as an API server has it: with marks of its own, and fields in the order of their names."""
    marks = {"uid": "u-1", "resourceVersion": "7", "managedFields": [{"manager": "mlp"}], "namespace": NAMESPACE}
    kept = {**document, "metadata": {**document["metadata"], **marks}}
    return json.loads(json.dumps(kept, sort_keys=True))


def _workload(name: str) -> dict[str, Any]:
    labels = {"app": name}
    status = {"replicas": 1, "readyReplicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "observedGeneration": 1}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}}
    return {"metadata": {"name": name, "generation": 1, "labels": labels}, "spec": spec, "status": status}
