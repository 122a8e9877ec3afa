"""Keeps one ModelDeployment as it should be: looks, decides, acts, and says how it stands."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from mlp.api.deployment import ModelDeployment, Status
from mlp.controller.act import Actor
from mlp.controller.announce import announcements
from mlp.controller.pod import PodSettings
from mlp.controller.reconcile import Action, Plan, View, digest_of, reconcile
from mlp.controller.refusals import Refusals
from mlp.controller.status import Verdict, conditions, status_of
from mlp.controller.versions import Version, Versions
from mlp.controller.watch import Key, NamespaceWatch
from mlp.kube.faults import Problem
from mlp.kube.resource import Object, Resource

_log = logging.getLogger(__name__)
_ROUNDS = 3  # a new autoscaled Deployment takes two: made with a number of replicas, then handed over
_OVERRULED = Problem("Overruled", "something else changes what the operator applies as soon as it is applied")


@dataclass(frozen=True)
class Surroundings:
    """What a keeper looks at and acts through."""

    namespaces: Mapping[str, NamespaceWatch]
    versions: Versions
    actor: Actor


class Keeper:
    """Keeps any ModelDeployment; several threads may, each another one."""

    def __init__(self, surroundings: Surroundings, pods: PodSettings, refused_seconds: float) -> None:
        self._namespaces = surroundings.namespaces
        self._versions = surroundings.versions
        self._actor = surroundings.actor
        self._pods = pods
        self._refusals = Refusals(refused_seconds)

    def keep(self, key: Key) -> float | None:
        """Bring a ModelDeployment nearer to what it asks for; return the seconds until it needs another look, if any.

        Raises what the API server's answers mean: the caller tries again later.
        """
        seen = self._namespaces[key.namespace]
        obj = seen.get(key.name)
        if obj is None or obj["metadata"].get("deletionTimestamp"):
            self._refusals.forget(key)
            return None  # children go with their owner
        before = status_in(obj)
        try:
            deployment = ModelDeployment.model_validate({name: obj[name] for name in ("metadata", "spec")})
        except ValidationError as error:
            self._tell(obj, before, _unreadable(obj, before, error), seen)
            return None
        return self._keep(key, obj, deployment.model_copy(update={"status": before}), seen)

    def _keep(self, key: Key, obj: Object, deployment: ModelDeployment, seen: NamespaceWatch) -> float | None:
        spec = deployment.spec
        answers = {version: self._versions.hold(key, version) for version in wanted_versions(obj)}
        answer = answers.get(Version(spec.model_name, spec.model_version))

        def look() -> View:
            uid = obj["metadata"]["uid"]
            return View(deployment, uid, answer, seen.children_of(key.name), seen.pods_of(key.name))

        view = look()
        if answer is None and digest_of(view) is None and not spec.suspend:
            return None  # the registry is being asked; its answer brings the key back
        plan, refused = reconcile(view, self._pods), self._refusals.standing(key, obj)
        rounds = 0
        while not spec.suspend and rounds < _ROUNDS and (actions := _not_in(refused, plan)):
            rounds += 1
            refused |= self._actor.perform(actions, seen)
            view = look()  # what was written is seen already
            plan = reconcile(view, self._pods)
        undone = () if spec.suspend else plan.actions
        problems = {action.resource: refused.get(action.resource, _OVERRULED) for action in undone}
        problem = next(iter(problems.values()), None)
        self._tell(obj, deployment.status, status_of(view, plan, problem, _now()), seen)
        return self._refusals.note(key, obj, problems)

    def _tell(self, obj: Object, before: Status | None, status: Status, seen: NamespaceWatch) -> None:
        """Write a status that is news, and make an event where it turns."""
        if status == before:
            return
        self._actor.write_status(obj, status, seen)
        for news in announcements(before, status):
            _log.info(news.message, extra={"deployment": obj["metadata"]["name"], "reason": news.reason})
            self._actor.announce(obj, news)


def _not_in(refused: Mapping[Resource, Problem], plan: Plan) -> list[Action]:
    """Return what is to be done, but for what was refused."""
    return [action for action in plan.actions if action.resource not in refused]


def status_in(obj: Object) -> Status | None:
    """Return the status that an object carries, or None where it has none that makes sense."""
    try:
        return Status.model_validate(obj["status"])
    except (KeyError, ValidationError):
        return None


def wanted_versions(obj: Object | None) -> set[Version]:
    """Return the versions that a ModelDeployment, if there is one, asks for or still serves."""
    if obj is None:
        return set()
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    numbers = (spec.get("modelVersion"), status.get("servedVersion"))
    return {Version(str(spec.get("modelName")), number) for number in numbers if isinstance(number, int)}


def _unreadable(obj: Object, before: Status | None, error: ValidationError) -> Status:
    """Return the status of an object that slipped in before a rule existed: nothing about it is changed."""
    known = before or Status()
    faults = error.errors(include_url=False, include_input=False)
    words = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:5])
    problem = Problem("InvalidSpec", words)
    generation = obj["metadata"]["generation"]
    verdict = Verdict(problem.reason, problem.message, fault=problem)
    told = conditions(verdict, known, generation, _now())
    return known.model_copy(update={"observed_generation": generation, "conditions": told})


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
