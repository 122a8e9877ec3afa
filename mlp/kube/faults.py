"""What keeps pods from serving, as their status and that of their Deployment tell. Pure.

Messages hold no pod's name and no count of seconds: the same fault reads the same each time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlp.kube.resource import Object

_IMAGE_REASONS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
)
_CONFIG_REASONS = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_REASON = re.compile(r"[A-Z][A-Za-z]{0,63}")
_POD_NAME = re.compile(r'pods "[^"]*"')
_LONGEST_MESSAGE = 1_024


@dataclass(frozen=True)
class Problem:
    """Why nothing can be done, or why it is done in vain: one CamelCase word, and words."""

    reason: str
    message: str
    passing: bool = False
    """Whether it will solve itself, so that it is progress rather than a fault."""


@dataclass(frozen=True)
class _Ended:
    """How a container ended last."""

    reason: str
    message: str


def fault_of(deployment: Object | None, pods: Sequence[Object]) -> Problem | None:
    """Return what is wrong: what a container said before what holds a pod up, and that before the Deployment's word."""
    troubled = [pod for pod in pods if not is_ready(pod) and not pod["metadata"].get("deletionTimestamp")]
    newest_first = sorted(troubled, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), reverse=True)
    found = (find(pod) for find in (_container_fault, _scheduling_fault) for pod in newest_first)
    first = next((problem for problem in found if problem is not None), None)
    return first or (_deployment_fault(deployment) if deployment is not None else None)


def is_ready(pod: Object) -> bool:
    """Whether a pod takes requests."""
    ready = _condition(pod, "Ready")
    return ready is not None and ready["status"] == "True" and not pod["metadata"].get("deletionTimestamp")


def _container_fault(pod: Object) -> Problem | None:
    for container in _statuses(pod):
        waiting = container.get("state", {}).get("waiting") or {}
        reason = waiting.get("reason", "")
        if reason in _IMAGE_REASONS:
            return Problem("ImagePullFailed", f"the image {container['image']} cannot be had ({reason})")
        if reason in _CONFIG_REASONS:
            return Problem("ContainerFailed", _short(waiting.get("message") or reason))
        ended = _ended(container)
        if ended is not None:
            return Problem(ended.reason, ended.message)
    return None


def _ended(container: Mapping[str, Any]) -> _Ended | None:
    """Return how a container that does not run well ended, if it did not end as it was told to."""
    now = container.get("state", {}).get("terminated")
    last = container.get("lastState", {}).get("terminated")
    if not now and not last:
        return None
    end = now or last
    if end["exitCode"] == 0:
        return _Ended("CrashLooping", "the server ends by itself") if container.get("restartCount", 0) > 1 else None
    said = _said(end.get("message", ""))
    if said is not None:
        return said
    if end.get("reason") == "OOMKilled":
        return _Ended("OutOfMemory", "the server was killed: it needs more memory than resources.limits allow")
    words = f"the server ended with exit code {end['exitCode']}"
    logged = _short(end.get("message", "").strip())
    return _Ended("CrashLooping", f"{words}: {logged}" if logged else words)


def _said(message: str) -> _Ended | None:
    """Read the document that a server leaves in its termination file."""
    try:
        document = json.loads(message)
    except ValueError:
        return None
    match document:
        case {"reason": str(reason), "message": str(text)} if _REASON.fullmatch(reason):
            return _Ended(reason, _short(text))
    return None


def _scheduling_fault(pod: Object) -> Problem | None:
    scheduled = _condition(pod, "PodScheduled")
    if scheduled is not None and scheduled["status"] == "False" and scheduled.get("reason") == "Unschedulable":
        return Problem("Unschedulable", _short(scheduled.get("message", "no node takes the pods")))
    return None


def _deployment_fault(deployment: Object) -> Problem | None:
    refused = _condition(deployment, "ReplicaFailure")
    if refused is not None and refused["status"] == "True":
        return refusal(refused.get("message", ""))
    progressing = _condition(deployment, "Progressing")
    if progressing is not None and progressing.get("reason") == "ProgressDeadlineExceeded":
        seconds = deployment["spec"].get("progressDeadlineSeconds")
        return Problem("ProgressDeadlineExceeded", f"the pods made no progress for {seconds} s")
    return None


def refusal(message: str) -> Problem:
    """Return what it means that the API server refuses an object with `message`."""
    words = _short(_POD_NAME.sub("pods", message))
    return Problem("QuotaExceeded" if "exceeded quota" in message else "Rejected", words)


def _condition(obj: Object, type_: str) -> Mapping[str, Any] | None:
    conditions: Iterable[Mapping[str, Any]] = obj.get("status", {}).get("conditions") or ()
    return next((condition for condition in conditions if condition["type"] == type_), None)


def _statuses(pod: Object) -> list[Mapping[str, Any]]:
    status = pod.get("status", {})
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"
