"""The status of a ModelDeployment: what is seen, in the words of its conditions. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from mlp.api.deployment import Condition, ConditionType, Status
from mlp.controller.answer import Resolved, Unresolved
from mlp.controller.identity import DIGEST, selector_of
from mlp.controller.pod import HTTP_PORT, template_of
from mlp.controller.reconcile import Plan, View, digest_of
from mlp.controller.render import scaling_of
from mlp.kube.faults import Problem, fault_of, is_ready
from mlp.kube.resource import DEPLOYMENTS, SERVICES, Object, name_of


@dataclass(frozen=True)
class Rollout:
    """How far a Deployment has got, in pods."""

    desired: int = 0
    total: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    is_observed: bool = False
    """Whether these numbers speak of the Deployment's present spec."""

    @property
    def is_complete(self) -> bool:
        """Whether all pods are of the present spec, and all of them serve."""
        return self.is_observed and self.total == self.updated == self.available == self.desired


@dataclass(frozen=True)
class Verdict:
    """The three conditions; they share reason and message, unless something is wrong with what does serve."""

    reason: str
    message: str
    ready: bool = False
    progressing: bool = False
    fault: Problem | None = None


def status_of(view: View, plan: Plan, refused: Problem | None, now: datetime) -> Status:
    """Return the status at `now`: after `plan` was carried out, unless the server `refused` a part of it.

    Ready says that every pod is of the spec as it stands, and serves. While a new version starts, or fails, Ready is
    False and `servedVersion` and `availableReplicas` say what still answers.
    """
    live = view.child(DEPLOYMENTS)
    rollout = rollout_of(live)
    served = _served(view, rollout)
    before = view.deployment.status or Status()
    verdict = _judge(view, plan, refused, served)
    service = view.child(SERVICES)
    return Status(
        observed_generation=view.deployment.metadata.generation,
        replicas=rollout.total,
        ready_replicas=rollout.ready,
        available_replicas=rollout.available,
        selector=",".join(f"{label}={value}" for label, value in selector_of(view.name).items()),
        url=f"http://{name_of(service)}.{view.deployment.metadata.namespace}.svc:{HTTP_PORT}" if service else None,
        served_version=served,
        digest=_digest(view, served),
        conditions=conditions(verdict, before, view.deployment.metadata.generation, now),
    )


def conditions(verdict: Verdict, before: Status, generation: int | None, now: datetime) -> tuple[Condition, ...]:
    """Return the conditions that say `verdict`; one that says the same as before keeps its time of transition."""
    fault = verdict.fault or Problem(verdict.reason, verdict.message)
    said = (
        (ConditionType.READY, verdict.ready, verdict.reason, verdict.message),
        (ConditionType.PROGRESSING, verdict.progressing, verdict.reason, verdict.message),
        (ConditionType.DEGRADED, verdict.fault is not None, fault.reason, fault.message),
    )
    found = []
    for type_, holds, reason, message in said:
        earlier, status = before.condition(type_), "True" if holds else "False"
        same = earlier is not None and earlier.status == status
        found.append(
            Condition.model_validate(
                {
                    "type": type_,
                    "status": status,
                    "reason": reason,
                    "message": message,
                    "last_transition_time": earlier.last_transition_time if same and earlier is not None else now,
                    "observed_generation": generation,
                }
            )
        )
    return tuple(found)


def rollout_of(deployment: Object | None) -> Rollout:
    """Read a Deployment's status."""
    if deployment is None:
        return Rollout()
    status = deployment.get("status", {})
    return Rollout(
        desired=deployment["spec"].get("replicas", 1),
        total=status.get("replicas", 0),
        updated=status.get("updatedReplicas", 0),
        ready=status.get("readyReplicas", 0),
        available=status.get("availableReplicas", 0),
        is_observed=status.get("observedGeneration") == deployment["metadata"]["generation"],
    )


def _judge(view: View, plan: Plan, refused: Problem | None, served: int | None) -> Verdict:
    spec = view.deployment.spec
    live = view.child(DEPLOYMENTS)
    rollout = rollout_of(live)
    settled = live is not None and not plan.rolls_out and rollout.is_complete
    still = f"; version {served} still answers" if served is not None else ""
    if settled and rollout.desired > 0:
        return _serving(view, refused)
    if spec.suspend:
        return Verdict("Suspended", f"changes wait until suspend is false{still}")
    if settled:
        return Verdict("ScaledToZero", "replicas is 0: nothing runs", fault=refused)
    problem = plan.problem or refused or (None if plan.rolls_out or live is None else _fault(view, live))
    if problem is not None:
        told = Problem(problem.reason, problem.message + still, problem.passing)
        return Verdict(told.reason, told.message, progressing=told.passing, fault=None if told.passing else told)
    counted = "" if plan.rolls_out else f": {rollout.available} of {rollout.desired} replicas answer"
    if served == spec.model_version:
        return Verdict("Scaling", f"version {served} answers, and replicas change{counted}", progressing=True)
    return Verdict("Starting", f"version {spec.model_version} is starting{counted}{still}", progressing=True)


def _fault(view: View, live: Object) -> Problem | None:
    """Return what keeps the pods of the present template from serving; those of an earlier one are on their way out.

    The Deployment's conditions speak of an earlier spec until it has observed the present one, and even then until
    its first step: once all pods of the present template serve they have nothing more to say.
    """
    template = template_of(live["spec"]["template"])
    pods = [pod for pod in view.pods if template_of(pod) == template]
    rollout = rollout_of(live)
    lacking = sum(map(is_ready, pods)) < rollout.desired
    return fault_of(live if rollout.is_observed and lacking else None, pods)


def _serving(view: View, problem: Problem | None) -> Verdict:
    """Everything asked for serves; yet something may be wrong that will hurt later."""
    spec = view.deployment.spec
    words = f"version {spec.model_version} answers"
    scaling = scaling_of(view.deployment)
    if scaling is not None and scaling.min_replicas is not None:
        words += "; spec.replicas is ignored while autoscaling is on"
    if spec.suspend:
        return Verdict("Suspended", f"{words}; changes wait until suspend is false", ready=True)
    return Verdict("Serving", words, ready=True, fault=problem or _doubt(view))


def _doubt(view: View) -> Problem | None:
    """Return what the registry now says against a version that serves."""
    ref = f"{view.deployment.spec.model_name}:{view.deployment.spec.model_version}"
    pinned = digest_of(view)
    match view.answer:
        case Unresolved(reason, message, True):
            return Problem(reason, f"{message}; pods that start anew cannot fetch {ref}")
        case Resolved(digest) if digest != pinned:
            return Problem("DigestMismatch", f"the registry now has another {ref}; the one that was proved is kept")
    return None


def _served(view: View, rollout: Rollout) -> int | None:
    """Return the version that answers: an old one as long as a pod of it does, then the one that was asked for."""
    scaled_to_zero = rollout.is_observed and rollout.desired == 0 and rollout.total == 0
    if scaled_to_zero or (view.child(DEPLOYMENTS) is None and not view.pods):
        return None
    ready = Counter(version for pod in view.pods if is_ready(pod) and (version := _version(pod)) is not None)
    before = view.deployment.status.served_version if view.deployment.status is not None else None
    asked = view.deployment.spec.model_version
    old = [version for version in ready if version != asked]
    if before in old:
        return before
    if old:
        return max(old, key=lambda version: (ready[version], version))
    return asked if ready else before


def _digest(view: View, served: int | None) -> str | None:
    for pod in view.pods:
        if served is not None and _version(pod) == served:
            digest = (pod["metadata"].get("annotations") or {}).get(DIGEST)
            if digest is not None:
                return str(digest)
    return view.deployment.status.digest if served is not None and view.deployment.status is not None else None


def _version(pod: Object) -> int | None:
    label = (pod["metadata"].get("labels") or {}).get("model-version", "")
    return int(label) if label.isdigit() else None
