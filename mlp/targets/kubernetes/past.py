"""What a cluster remembers of a deployment, and why it does not serve. Pure.

A ModelDeployment keeps no earlier specs. What is left of them are the ReplicaSets of its Deployment (the last ten),
which know the version of the model and when it was rolled out, and events, which a cluster keeps for an hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from mlp.api.documents import DeploymentDocument, EventDocument, LinkDocument, Moment, RevisionDocument, WhyDocument
from mlp.api.kind import AUTHOR_ANNOTATION, CAUSE_ANNOTATION
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


def events_of(name: str, events: Iterable[Object]) -> list[EventDocument]:
    """Return the events of a ModelDeployment and of the Deployment of its name, the newest first."""
    kinds = ("ModelDeployment", "Deployment")
    told: list[EventDocument] = [
        {
            "at": _time_of(each),
            "type": "Warning" if each.get("type") == "Warning" else "Normal",
            "reason": each.get("reason") or "Unknown",
            "message": each.get("message") or "",
            "version": None,
            "pid": None,
            "count": each.get("count") or 1,
        }
        for each in events
        if each["involvedObject"].get("name") == name and each["involvedObject"].get("kind") in kinds
    ]
    return sorted(told, key=lambda event: datetime.fromisoformat(event["at"]), reverse=True)


def why_of(deployment: DeploymentDocument, workload: Object | None, pods: Sequence[Object]) -> WhyDocument:
    """Return the chain from a deployment through its pods to what the operator or Kubernetes says is wrong."""
    spec, status, state = deployment["spec"], deployment.get("status") or {}, state_of(deployment)
    ok = answers(deployment) or (state is not None and state["reason"] in RESTING)
    degraded = state is not None and is_degraded(state)
    problem = None if ok else fault_of(workload, pods)
    cause = None if ok or state is None else state
    return {
        "name": deployment["metadata"]["name"],
        "ok": ok,
        "settled": ok or degraded,
        "links": [
            _first_link(deployment, ok=ok),
            _link("version", f"{spec['modelName']}:{spec['modelVersion']}", "wanted"),
            *_pod_links(pods, spec["modelVersion"]),
            *([_link("container", "server", "failed", problem.reason)] if problem is not None else []),
        ],
        "reason": problem.reason if problem is not None else cause["reason"] if cause is not None else None,
        "message": problem.message if problem is not None else cause.get("message", "") if cause is not None else "",
        "version": spec["modelVersion"],
        "served_version": status.get("servedVersion") if status.get("readyReplicas") else None,
        "next_attempt_at": None,
        "log": [],
    }


def _pod_links(pods: Sequence[Object], version: int) -> Sequence[LinkDocument]:
    """Return the pods of that version, those that are ready first: what comes below them is of one that is not."""
    wanted = sorted((pod for pod in pods if _belongs(pod, version)), key=lambda pod: not is_ready(pod))
    return [_link("pod", name_of(pod), _state_of(pod)) for pod in wanted]


def _first_link(deployment: DeploymentDocument, *, ok: bool) -> LinkDocument:
    name, state = deployment["metadata"]["name"], state_of(deployment)
    if state is None:
        return _link("deployment", name, "Ready" if ok else "Unknown", None, "the operator has not looked at it yet")
    words = "Ready" if ok else "Degraded" if is_degraded(state) else "Progressing"
    return _link("deployment", name, words, state["reason"], state.get("message", ""), state["lastTransitionTime"])


def _link(
    kind: str, name: str, state: str, reason: str | None = None, message: str = "", at: Moment | None = None
) -> LinkDocument:
    return {"kind": kind, "name": name, "state": state, "reason": reason, "message": message, "at": at}


def _belongs(pod: Object, version: int) -> bool:
    """Whether a pod is to serve that version, and does not leave."""
    meta = pod["metadata"]
    labelled = (meta.get("labels") or {}).get(_VERSION_LABEL, str(version))
    return not meta.get("deletionTimestamp") and labelled == str(version)


def _state_of(pod: Object) -> str:
    return "ready" if is_ready(pod) else str(pod["status"].get("phase", ""))


def _revision(deployment: DeploymentDocument, replica_set: Object) -> RevisionDocument:
    meta: Mapping[str, Any] = replica_set["metadata"]
    was_ready = bool(replica_set.get("status", {}).get("readyReplicas"))
    return {
        "number": int(meta.get("annotations", {}).get(_REVISION, 0)),
        "model": deployment["spec"]["modelName"],
        "version": int(meta["labels"][_VERSION_LABEL]),
        "spec": None,
        "at": meta["creationTimestamp"],
        "cause": None,
        "by": None,
        "outcome": "succeeded" if was_ready else "unknown",
        "reason": None,
        "message": "",
        "decided_at": None,
        "digest": None,
        "current": False,
    }


def _current(deployment: DeploymentDocument, number: int, at: Moment) -> RevisionDocument:
    state, annotations = state_of(deployment), deployment["metadata"].get("annotations", {})
    outcome = "pending"
    if answers(deployment) or (state is not None and state["reason"] in RESTING):
        outcome = "succeeded"
    elif state is not None and is_degraded(state):
        outcome = "failed"
    return {
        "number": number,
        "model": deployment["spec"]["modelName"],
        "version": deployment["spec"]["modelVersion"],
        "spec": deployment["spec"],
        "at": at,
        "cause": annotations.get(CAUSE_ANNOTATION),
        "by": annotations.get(AUTHOR_ANNOTATION),
        "outcome": outcome,
        "reason": state["reason"] if state is not None else None,
        "message": state.get("message", "") if state is not None else "",
        "decided_at": state["lastTransitionTime"] if state is not None and outcome != "pending" else None,
        "digest": (deployment.get("status") or {}).get("digest") if outcome == "succeeded" else None,
        "current": True,
    }


def _time_of(event: Object) -> Moment:
    return Moment(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"])
