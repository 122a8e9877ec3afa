"""The chain from a deployment to what keeps it from serving, on one machine. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlp.api.agent import ProcessStatus
from mlp.api.deployment import Condition, ConditionType, ModelDeployment
from mlp.api.why import Link, Why

_RESTING = ("ScaledToZero", "Suspended")
_PASSING = ("PortTaken", "RegistryUnavailable", "DiskFull", "CannotStart")
"""Reasons that end by themselves once what they name is mended: the agent tries again."""
_REGISTRY_FAILED = "registry_failed"


@dataclass(frozen=True)
class Evidence:
    """What is seen of a deployment and of what it needs."""

    processes: Sequence[ProcessStatus]
    """Those of the deployment; one without a number says why there is none."""
    registry: ProcessStatus
    registry_url: str
    log: Sequence[str] = ()
    """The last lines that its processes wrote."""


@dataclass(frozen=True)
class _Cause:
    reason: str | None = None
    message: str = ""
    link: Link | None = None


def why_of(deployment: ModelDeployment, evidence: Evidence) -> Why:
    """Return the chain; it has a cause unless what is asked for answers, or rests as asked."""
    spec = deployment.spec
    state = _state_of(deployment)
    ok = deployment.is_ready() or (state is not None and state.reason in _RESTING)
    process = _process_of(spec.model_version, evidence.processes)
    cause = _Cause() if ok else _cause(state, process, evidence)
    links = [_deployment_link(deployment, state, ok), _version_link(deployment)]
    if process is not None:
        links.append(_process_link(process))
    if cause.link is not None:
        links.append(cause.link)
    is_degraded = state is not None and state.type is ConditionType.DEGRADED
    return Why(
        name=deployment.metadata.name,
        ok=ok,
        settled=ok or (is_degraded and state is not None and state.reason not in _PASSING),
        links=links,
        reason=cause.reason,
        message=cause.message,
        version=spec.model_version,
        served_version=_served(deployment),
        next_attempt_at=process.next_attempt_at if process is not None and not ok else None,
        log=[] if ok or cause.link is not None else list(evidence.log),
    )


def _served(deployment: ModelDeployment) -> int | None:
    """Return the version that answers now; a status also keeps the one that answered last."""
    status = deployment.status
    return status.served_version if status is not None and status.ready_replicas else None


def _state_of(deployment: ModelDeployment) -> Condition | None:
    if deployment.status is None:
        return None
    degraded, ready = map(deployment.status.condition, (ConditionType.DEGRADED, ConditionType.READY))
    return degraded if degraded is not None and degraded.status == "True" else ready


def _process_of(version: int, processes: Sequence[ProcessStatus]) -> ProcessStatus | None:
    """Return the process of the version that is asked for, or what stands for one that failed."""
    own = [each for each in processes if each.version == version and each.state != "draining"]
    failed = [each for each in processes if each.reason is not None]
    return next(iter([*own, *failed]), None)


def _cause(state: Condition | None, process: ProcessStatus | None, evidence: Evidence) -> _Cause:
    reason = state.reason if state is not None and state.type is ConditionType.DEGRADED else None
    if reason is None and process is not None:
        reason = process.reason
    message = process.message if process is not None and process.message else state.message if state is not None else ""
    registry = evidence.registry
    if registry.state != "ready" and reason in (None, "RegistryUnavailable"):
        broken = registry.reason is not None
        link = Link(
            kind="registry",
            name=evidence.registry_url,
            state=_words(registry),
            reason=registry.reason,
            message=registry.message,
        )
        cause = "DiskFull" if registry.reason == "DiskFull" else _REGISTRY_FAILED if broken else "RegistryUnavailable"
        return _Cause(cause, registry.message or message, link)
    if reason == "PortTaken" and process is not None:
        return _Cause(reason, message, Link(kind="port", name=str(process.port), state="taken", reason=reason))
    if reason is None and state is not None:
        return _Cause(state.reason, state.message)
    return _Cause(reason, message)


def _deployment_link(deployment: ModelDeployment, state: Condition | None, ok: bool) -> Link:
    if state is None:
        return Link(kind="deployment", name=deployment.metadata.name, state="Unknown", message="not looked at yet")
    degraded = state.type is ConditionType.DEGRADED
    return Link(
        kind="deployment",
        name=deployment.metadata.name,
        state="Ready" if ok else "Degraded" if degraded else "Progressing",
        reason=state.reason,
        message=state.message,
        at=state.last_transition_time,
    )


def _version_link(deployment: ModelDeployment) -> Link:
    spec, served = deployment.spec, _served(deployment)
    state = "answers" if served == spec.model_version else "does not answer"
    still = f"version {served} still answers" if served not in (None, spec.model_version) else ""
    return Link(kind="version", name=f"{spec.model_name}:{spec.model_version}", state=state, message=still)


def _process_link(process: ProcessStatus) -> Link:
    return Link(
        kind="process",
        name=str(process.pid) if process.pid is not None else process.name,
        state=_words(process),
        reason=process.reason,
        message=_past(process),
        at=process.started_at,
    )


def _past(process: ProcessStatus) -> str:
    """Return why a process last ended; of one that is well again, that it was started again since."""
    if process.state != "ready" or process.reason is not None or not process.message:
        return process.message
    often = f" ({process.failures} endings in a row)" if process.failures > 1 else ""
    return f"started again{often}: {process.message}"


def _words(process: ProcessStatus) -> str:
    return "waiting for its next start" if process.state == "waiting" else process.state
