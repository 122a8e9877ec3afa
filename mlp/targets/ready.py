"""Whether a deployment serves what it asks for, and waiting until it does, wherever it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from mlp.api.documents import ConditionDocument, DeploymentDocument
from mlp.errors import Conflict, DeadlineExceeded, Failed, NotFound, Precondition, Unavailable
from mlp.targets.base import Report, Wrong

RESTING = ("ScaledToZero", "Suspended")
"""Reasons that are what the spec asks for."""
_PASSING = ("RegistryUnavailable",)
"""Reasons of a degraded deployment that end by themselves."""
_PERHAPS_PASSING = (*_PASSING, "PortTaken")
"""… and those that end when somebody else does something, such as leaving a port, for which the agent waits too."""


class Waits(Protocol):
    """Waits until a deployment is ready, as `Target.wait_ready` does."""

    def __call__(self, deployment: DeploymentDocument, *, timeout: float) -> DeploymentDocument:
        """Return it once it is."""


def wait_ready(
    get: Callable[[str], DeploymentDocument],
    deployment: DeploymentDocument,
    report: Report,
    *,
    timeout: float,
    look_seconds: float,
    patient: bool = True,
) -> DeploymentDocument:
    """Look at a deployment until it serves what this generation asks for; a suspended one has nothing to wait for.

    Raises as `Target.wait_ready` says, `patient` as `has_settled` does.
    """
    name, wanted = deployment["metadata"]["name"], deployment["metadata"].get("generation")
    deadline = time.monotonic() + timeout
    said = ""
    while True:
        current = get(name)
        if current["metadata"].get("generation") != wanted:
            raise Conflict(f"{name} was changed by someone else meanwhile", code="superseded")
        state = state_of(current)
        if state is not None and (words := f"{name}: {state['reason']}: {state.get('message', '')}") != said:
            said = words
            report(words)
        if has_settled(current, patient=patient):
            return current
        if time.monotonic() > deadline:
            raise DeadlineExceeded(f"not ready within {timeout:g} s; {said}", details={"name": name})
        time.sleep(look_seconds)


def has_returned(deployment: DeploymentDocument, waits: Waits, report: Report, wrong: Wrong, deadline: float) -> bool:
    """Wait until a deployment of an earlier run serves again, or is known not to; tell which, and return it.

    `deadline` is in seconds of the monotonic clock.
    """
    name = deployment["metadata"]["name"]
    try:
        current = waits(deployment, timeout=max(0.0, deadline - time.monotonic()))
    except (Failed, DeadlineExceeded, Unavailable) as error:
        wrong(error)
        return False
    except (Conflict, NotFound) as error:  # somebody changed or deleted it: whoever did waits for that
        report(error.message)
        return True
    state = state_of(current)
    report(f"{name}: {state.get('message', '') if state is not None else 'known'}")
    return True


def has_settled(deployment: DeploymentDocument, *, patient: bool = True) -> bool:
    """Return whether the deployment serves what it asks for, or rests as it asks.

    Raises Failed, with the condition's reason as its code, when it does not and will not by itself; unless `patient`,
    also when somebody else has to do something first.
    """
    name, state = deployment["metadata"]["name"], state_of(deployment)
    if is_ready(deployment) or (state is not None and state["reason"] in RESTING):
        return True
    passing = _PERHAPS_PASSING if patient else _PASSING
    if state is not None and is_degraded(state) and state["reason"] not in passing:
        reason, message = state["reason"], state.get("message", "")
        raise Failed(f"{name}: {message}", code=reason, details={"name": name, "reason": reason})
    return False


def is_ready(deployment: DeploymentDocument) -> bool:
    """Return whether the spec as it stands now is what answers."""
    status = deployment.get("status") or {}
    if status.get("observedGeneration") != deployment["metadata"].get("generation"):
        return False
    ready = condition_of(deployment, "Ready")
    return ready is not None and ready["status"] == "True"


def is_degraded(condition: ConditionDocument) -> bool:
    """Return whether a condition says that something is wrong."""
    return condition["type"] == "Degraded" and condition["status"] == "True"


def condition_of(deployment: DeploymentDocument, type_: str) -> ConditionDocument | None:
    """Return the condition of that type, or None."""
    conditions = (deployment.get("status") or {}).get("conditions", [])
    return next((each for each in conditions if each["type"] == type_), None)


def blocking_condition(deployment: DeploymentDocument) -> ConditionDocument | None:
    """Return the condition that best says why a deployment is not ready: Degraded where that is so, else Ready."""
    degraded = condition_of(deployment, "Degraded")
    return degraded if degraded is not None and is_degraded(degraded) else condition_of(deployment, "Ready")


def state_of(deployment: DeploymentDocument) -> ConditionDocument | None:
    """Return the condition that says most about this generation, if one is about it."""
    state = blocking_condition(deployment)
    if state is None or state.get("observedGeneration") not in (None, deployment["metadata"].get("generation")):
        return None
    return state


def serves_nothing(deployment: DeploymentDocument) -> Precondition:
    """Return what to raise where a deployment has no version that answers (`not_serving`)."""
    name, state = deployment["metadata"]["name"], state_of(deployment)
    why = f": {state.get('message', '')}" if state is not None else ""
    return Precondition(f"{name} serves nothing yet{why}", code="not_serving", details={"name": name})
