"""How far a component is, as its workload and its pods tell. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mlp.kube.faults import Problem, fault_of, is_ready
from mlp.kube.resource import Object

Phase = Literal["ready", "waiting", "stuck"]


@dataclass(frozen=True)
class Progress:
    """How far a component is."""

    phase: Phase
    words: str
    problem: Problem | None = None
    """What keeps it, where it is stuck; some problems pass by themselves."""


def progress_of(workload: Object | None, pods: Sequence[Object]) -> Progress:
    """Return how far a Deployment or StatefulSet is; `pods` are its own."""
    if workload is None:
        return Progress("waiting", "not there yet")
    wanted = workload["spec"].get("replicas", 1)
    status = workload.get("status", {})
    seen = status.get("observedGeneration", 0) >= workload["metadata"]["generation"]
    updated, ready = status.get("updatedReplicas", 0), status.get("readyReplicas", 0)
    if seen and updated == wanted and ready >= wanted and status.get("replicas", 0) == wanted:
        return Progress("ready", f"{ready}/{wanted} ready")
    problem = fault_of(workload if workload["kind"] == "Deployment" else None, pods)
    count = f"{sum(map(is_ready, pods))}/{wanted} ready"
    if problem is not None:
        return Progress("stuck", f"{count}: {problem.message}", problem)
    return Progress("waiting", f"{count}, {_step(pods)}" if pods else f"{count}, no pod yet")


def _step(pods: Sequence[Object]) -> str:
    """Return what the newest pod is at."""
    newest = max(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
    if newest["metadata"].get("deletionTimestamp"):
        return "ending"
    waits = [
        container["state"]["waiting"].get("reason", "")
        for container in newest.get("status", {}).get("containerStatuses") or ()
        if "waiting" in container.get("state", {})
    ]
    if not waits:
        return "starting" if newest.get("status", {}).get("phase") == "Running" else "being scheduled"
    return "being made" if waits[0] == "ContainerCreating" else waits[0]
