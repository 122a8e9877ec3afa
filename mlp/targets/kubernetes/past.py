"""What a cluster remembers of a deployment, and why it does not serve. Pure.

A ModelDeployment keeps no earlier specs. What is left of them are the ReplicaSets of its Deployment (the last ten),
which know the version of the model and when it was rolled out, and events, which a cluster keeps for an hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from mlp.api.documents import DeploymentDocument, Moment, RevisionDocument
from mlp.api.history import DeploymentEvent, Outcome, Revision
from mlp.api.kind import AUTHOR_ANNOTATION, CAUSE_ANNOTATION
from mlp.api.why import Link, Why
from mlp.kube.faults import fault_of, is_ready
from mlp.kube.resource import Object, name_of
from mlp.targets.ready import RESTING, is_degraded, state_of
from mlp.targets.ready import is_ready as answers

_REVISION = "deployment.kubernetes.io/revision"
_VERSION_LABEL = "model-version"


def revisions_of(deployment: DeploymentDocument, replica_sets: Iterable[Object]) -> list[RevisionDocument]:
    """Return a revision for each roll-out that the cluster still knows, the newest first.

    Of earlier ones nothing but version and time is known. The newest is the spec as it stands where its version is
    that spec's; a spec that has not been rolled out yet stands before it.
    """
    found = sorted((_revision(deployment, each) for each in replica_sets), key=_number_of, reverse=True)
    if found and found[0]["version"] == deployment["spec"]["modelVersion"]:
        return [_current(deployment, found[0]["number"], found[0]["at"]), *found[1:]]
    times = [deployment["metadata"].get("creationTimestamp"), *(each["at"] for each in found[:1])]
    at = max((each for each in times if each is not None), key=datetime.fromisoformat, default=None)
    if at is None:
        return found
    return [_current(deployment, found[0]["number"] + 1 if found else 1, at), *found]


def _number_of(revision: RevisionDocument) -> int:
    return revision["number"]


def events_of(name: str, events: Iterable[Object]) -> list[DeploymentEvent]:
    """Return the events of a ModelDeployment and of the Deployment of its name, the newest first."""
    kinds = ("ModelDeployment", "Deployment")
    told = [
        DeploymentEvent(
            at=_time_of(each),
            type="Warning" if each.get("type") == "Warning" else "Normal",
            reason=each.get("reason") or "Unknown",
            message=each.get("message") or "",
            count=each.get("count") or 1,
        )
        for each in events
        if each["involvedObject"].get("name") == name and each["involvedObject"].get("kind") in kinds
    ]
    return sorted(told, key=lambda event: event.at, reverse=True)


def why_of(deployment: DeploymentDocument, workload: Object | None, pods: Sequence[Object]) -> Why:
    """Return the chain from a deployment through its pods to what the operator or Kubernetes says is wrong."""
    spec, status, state = deployment["spec"], deployment.get("status") or {}, state_of(deployment)
    ok = answers(deployment) or (state is not None and state["reason"] in RESTING)
    degraded = state is not None and is_degraded(state)
    links = [
        Link(
            kind="deployment",
            name=deployment["metadata"]["name"],
            state="Ready" if ok else "Degraded" if degraded else "Progressing" if state is not None else "Unknown",
            reason=state["reason"] if state is not None else None,
            message=state.get("message", "") if state is not None else "the operator has not looked at it yet",
            at=state["lastTransitionTime"] if state is not None else None,
        ),
        Link(kind="version", name=f"{spec['modelName']}:{spec['modelVersion']}", state="wanted"),
    ]
    links += [
        Link(kind="pod", name=name_of(pod), state="ready" if is_ready(pod) else str(pod["status"].get("phase", "")))
        for pod in pods
    ]
    problem = None if ok else fault_of(workload, pods)
    if problem is not None:
        links.append(Link(kind="container", name="server", state="failed", reason=problem.reason))
    cause = None if ok or state is None else state
    return Why(
        name=deployment["metadata"]["name"],
        ok=ok,
        settled=ok or degraded,
        links=links,
        reason=problem.reason if problem is not None else cause["reason"] if cause is not None else None,
        message=problem.message if problem is not None else cause.get("message", "") if cause is not None else "",
        version=spec["modelVersion"],
        served_version=status.get("servedVersion") if status.get("readyReplicas") else None,
    )


def _revision(deployment: DeploymentDocument, replica_set: Object) -> RevisionDocument:
    meta: Mapping[str, Any] = replica_set["metadata"]
    was_ready = bool(replica_set.get("status", {}).get("readyReplicas"))
    return Revision(
        number=int(meta.get("annotations", {}).get(_REVISION, 0)),
        model=deployment["spec"]["modelName"],
        version=int(meta["labels"][_VERSION_LABEL]),
        at=meta["creationTimestamp"],
        outcome="succeeded" if was_ready else "unknown",
    ).document()


def _current(deployment: DeploymentDocument, number: int, at: Moment) -> RevisionDocument:
    state, annotations = state_of(deployment), deployment["metadata"].get("annotations", {})
    outcome: Outcome = "pending"
    if answers(deployment) or (state is not None and state["reason"] in RESTING):
        outcome = "succeeded"
    elif state is not None and is_degraded(state):
        outcome = "failed"
    told = Revision(
        number=number,
        model=deployment["spec"]["modelName"],
        version=deployment["spec"]["modelVersion"],
        at=at,
        cause=annotations.get(CAUSE_ANNOTATION),
        by=annotations.get(AUTHOR_ANNOTATION),
        outcome=outcome,
        reason=state["reason"] if state is not None else None,
        message=state.get("message", "") if state is not None else "",
        decided_at=state["lastTransitionTime"] if state is not None and outcome != "pending" else None,
        digest=(deployment.get("status") or {}).get("digest") if outcome == "succeeded" else None,
        current=True,
    ).document()
    return {**told, "spec": deployment["spec"]}


def _time_of(event: Object) -> datetime:
    found = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"]
    return datetime.fromisoformat(str(found))
