"""Waiting until a deployment serves what it asks for, wherever it runs."""

from __future__ import annotations

import time
from collections.abc import Callable

from mlp.api.deployment import Condition, ConditionType, ModelDeployment
from mlp.errors import Conflict, DeadlineExceeded, Failed
from mlp.targets.base import Report

RESTING = ("ScaledToZero", "Suspended")
"""Reasons that are what the spec asks for."""
_PASSING = ("RegistryUnavailable",)
"""Reasons of a degraded deployment that end by themselves."""


def wait_ready(
    get: Callable[[str], ModelDeployment],
    deployment: ModelDeployment,
    report: Report,
    *,
    timeout: float,
    look_seconds: float,
) -> ModelDeployment:
    """Look at a deployment until it serves what this generation asks for; a suspended one has nothing to wait for.

    Raises as `Target.wait_ready` says.
    """
    name, wanted = deployment.metadata.name, deployment.metadata.generation
    deadline = time.monotonic() + timeout
    said = ""
    while True:
        current = get(name)
        if current.metadata.generation != wanted:
            raise Conflict(f"{name} was changed by someone else meanwhile", code="superseded")
        state = state_of(current)
        if state is not None and (words := f"{name}: {state.reason}: {state.message}") != said:
            said = words
            report(words)
        if has_settled(current):
            return current
        if time.monotonic() > deadline:
            raise DeadlineExceeded(f"not ready within {timeout:g} s; {said}", details={"name": name})
        time.sleep(look_seconds)


def has_settled(deployment: ModelDeployment) -> bool:
    """Return whether the deployment serves what it asks for, or rests as it asks.

    Raises Failed, with the condition's reason as its code, when it does not and will not by itself.
    """
    name, state = deployment.metadata.name, state_of(deployment)
    if deployment.is_ready() or (state is not None and state.reason in RESTING):
        return True
    if state is not None and state.type is ConditionType.DEGRADED and state.reason not in _PASSING:
        raise Failed(f"{name}: {state.message}", code=state.reason, details={"name": name, "reason": state.reason})
    return False


def state_of(deployment: ModelDeployment) -> Condition | None:
    """Return the condition that says most about this generation: Degraded where that is so, else Ready."""
    if deployment.status is None:
        return None
    degraded, ready = map(deployment.status.condition, (ConditionType.DEGRADED, ConditionType.READY))
    state = degraded if degraded is not None and degraded.status == "True" else ready
    if state is None or state.observed_generation not in (None, deployment.metadata.generation):
        return None
    return state
