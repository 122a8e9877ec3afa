"""What to do so that a ModelDeployment's children become what they should be. Pure: it writes nothing itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlp.api.deployment import ModelDeployment
from mlp.api.kind import KIND
from mlp.controller.answer import Answer, Resolved, Unresolved
from mlp.controller.drift import differs
from mlp.controller.identity import CHILDREN, DIGEST, MANAGER, child_name
from mlp.controller.pod import PodSettings
from mlp.controller.render import Body, Owner, least_replicas, render, scaling_of
from mlp.kube.faults import Problem
from mlp.kube.resource import AUTOSCALERS, DEPLOYMENTS, Object, Resource, controller_uid


@dataclass(frozen=True)
class View:
    """A ModelDeployment, and all that is known about it."""

    deployment: ModelDeployment
    uid: str
    answer: Answer | None = None
    """What the registry says of the version that is asked for; None as long as it was not heard."""
    children: Mapping[Resource, Object] = field(default_factory=dict)
    pods: Sequence[Object] = ()

    @property
    def name(self) -> str:
        """The ModelDeployment's name."""
        return self.deployment.metadata.name

    def child(self, resource: Resource) -> Object | None:
        """Return the child of that kind, if there is one and it belongs to this ModelDeployment."""
        live = self.children.get(resource)
        return live if live is not None and controller_uid(live) == self.uid else None


@dataclass(frozen=True)
class Apply:
    """Apply a child; with `force` where it is known to belong to this ModelDeployment."""

    resource: Resource
    body: Body
    force: bool


@dataclass(frozen=True)
class HandOver:
    """Leave the Deployment's number of replicas to the autoscaler, at no fewer than `least`."""

    deployment: Object
    least: int

    @property
    def resource(self) -> Resource:
        """What is written to."""
        return DEPLOYMENTS


@dataclass(frozen=True)
class Remove:
    """Delete a child that is no longer wanted."""

    resource: Resource
    obj: Object


Action = Apply | HandOver | Remove


@dataclass(frozen=True)
class Plan:
    """What is to be done now, in order, and what stands in the way."""

    actions: tuple[Action, ...] = ()
    problem: Problem | None = None
    """With one there are no actions."""

    @property
    def rolls_out(self) -> bool:
        """Whether the Deployment is not, or not yet, what it should be."""
        return self.problem is not None or any(action.resource is DEPLOYMENTS for action in self.actions)


def reconcile(view: View, settings: PodSettings) -> Plan:
    """Compare what should be there with what is."""
    digest = digest_of(view)
    if digest is None:
        return Plan(problem=_unanswered(view))
    obstacle = _obstacle(view)
    if obstacle is not None:
        return Plan(problem=obstacle)
    live = view.child(DEPLOYMENTS)
    scaled = scaling_of(view.deployment) is not None
    replicas = None if scaled and live is not None else least_replicas(view.deployment)
    wanted = render(Owner(view.deployment, view.uid, digest), settings, replicas=replicas)
    actions: list[Action] = [
        Remove(resource, child)
        for resource in CHILDREN
        if resource not in wanted and (child := view.child(resource)) is not None
    ]
    if scaled and live is not None and _must_hand_over(live):
        actions.append(HandOver(live, least_replicas(view.deployment)))
    actions += [apply for resource, body in wanted.items() if (apply := _apply(view, resource, body)) is not None]
    return Plan(tuple(actions))


def digest_of(view: View) -> str | None:
    """Return the digest that pods of the wanted version are held to.

    What the Deployment pins for this version stands, whatever the registry says now: a version is immutable, and a
    registry that is down changes nothing.
    """
    live = view.child(DEPLOYMENTS)
    spec = view.deployment.spec
    if live is not None:
        metadata = live["spec"]["template"]["metadata"]
        labels = metadata.get("labels") or {}
        pinned = (metadata.get("annotations") or {}).get(DIGEST)
        asked = (spec.model_name, str(spec.model_version))
        if pinned and (labels.get("model-name"), labels.get("model-version")) == asked:
            return str(pinned)
    return view.answer.digest if isinstance(view.answer, Resolved) else None


def _unanswered(view: View) -> Problem:
    spec = view.deployment.spec
    if isinstance(view.answer, Unresolved):
        return Problem(view.answer.reason, view.answer.message)
    return Problem("Resolving", f"the registry is asked for {spec.model_name}:{spec.model_version}", passing=True)


def _obstacle(view: View) -> Problem | None:
    """Return what else has the name of a child, if anything has."""
    for resource in CHILDREN:
        live = view.children.get(resource)
        if live is None or view.child(resource) is not None:
            continue
        what = f"the {resource.kind} {child_name(resource, view.name)}"
        if _is_of_a_namesake(view, live):
            return Problem("Replacing", f"{what} of a deleted namesake is still there", passing=True)
        if resource is AUTOSCALERS and scaling_of(view.deployment) is None:
            continue
        return Problem(
            "ResourceConflict", f"{what} exists and is not this ModelDeployment's; rename or delete one of them"
        )
    return None


def _is_of_a_namesake(view: View, live: Object) -> bool:
    owners: Sequence[Mapping[str, Any]] = live["metadata"].get("ownerReferences", ())
    return any(owner.get("controller") and (owner["kind"], owner["name"]) == (KIND, view.name) for owner in owners)


def _must_hand_over(live: Object) -> bool:
    """Whether the number of replicas would be lost, or stay at 0, if the operator just gave it up."""
    owners = {
        entry["manager"]
        for entry in live["metadata"].get("managedFields", ())
        if "f:replicas" in entry.get("fieldsV1", {}).get("f:spec", {})
    }
    return MANAGER in owners and (len(owners) == 1 or live["spec"].get("replicas") == 0)


def _apply(view: View, resource: Resource, body: Body) -> Apply | None:
    live = view.child(resource)
    if live is None:
        return Apply(resource, body, force=False)
    if live["metadata"].get("deletionTimestamp") or not differs(live, body):
        return None
    metadata = {**body["metadata"], "uid": live["metadata"]["uid"]}
    return Apply(resource, {**body, "metadata": metadata}, force=True)
