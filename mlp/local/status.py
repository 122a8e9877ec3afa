"""The status of a deployment: what is seen, in the words of its conditions. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mlp.api.deployment import Condition, ConditionType, ModelDeployment, Status
from mlp.local.attempts import Attempts
from mlp.local.ports import HOST
from mlp.local.reconcile import Phase, Process, Seen, asleep, wanted_of


@dataclass(frozen=True)
class _Verdict:
    """The three conditions, which share reason and message."""

    reason: str
    message: str
    ready: bool = False
    progressing: bool = False
    degraded: bool = False


def status_of(deployment: ModelDeployment, seen: Seen, port: int, now: datetime) -> Status:
    """Return the status of a deployment that owns `port`, as it is seen at `now`.

    Ready says whether the spec as it stands is served. While a new version starts, or fails, Ready is False and
    `servedVersion`, `readyReplicas` and `url` say that the old one still answers.
    """
    wanted = wanted_of(deployment)
    live = [process for process in seen.processes if process.phase is not Phase.DRAINING]
    ready = [process for process in live if process.phase is Phase.READY]
    serving = next((process for process in ready if process.revision == wanted.revision), next(iter(ready), None))
    verdict = _judge(deployment, seen, serving)
    before = deployment.status or Status()
    return Status(
        observed_generation=deployment.metadata.generation,
        replicas=len(live),
        ready_replicas=len(ready),
        available_replicas=len(ready),
        url=f"http://{HOST}:{port}",
        served_version=serving.revision if serving else before.served_version if wanted.revision is not None else None,
        digest=serving.digest if serving else before.digest if wanted.revision is not None else None,
        conditions=_conditions(verdict, before, deployment.metadata.generation, now),
    )


def _judge(deployment: ModelDeployment, seen: Seen, serving: Process | None) -> _Verdict:
    spec = deployment.spec
    current = serving is not None and serving.revision == spec.model_version and not asleep(spec)
    if current:
        return _Verdict("Serving", f"version {spec.model_version} answers", ready=True)
    still = f"; version {serving.revision} still answers" if serving is not None else ""
    if spec.suspend:
        return _Verdict("Suspended", f"changes wait until suspend is false{still}")
    if asleep(spec):
        return _Verdict("ScaledToZero", "replicas is 0: nothing runs")
    attempts = seen.failed(spec.model_version, deployment.metadata.generation or 1)
    if attempts is not None and _is_broken(attempts):
        return _Verdict(attempts.reason, attempts.last.message + still, degraded=True)
    if attempts is not None:
        return _Verdict("Restarting", f"{attempts.last.message}; it is started again", progressing=True)
    return _Verdict("Starting", f"version {spec.model_version} is starting{still}", progressing=True)


def _is_broken(attempts: Attempts) -> bool:
    """Whether it failed to start, or keeps ending; ending once after good running is repaired, not reported."""
    return attempts.last.ready_seconds is None or attempts.many


def _conditions(
    verdict: _Verdict, before: Status, generation: int | None, now: datetime
) -> tuple[Condition, Condition, Condition]:
    def condition(type_: ConditionType, holds: bool) -> Condition:
        earlier = before.condition(type_)
        found = Condition(
            type=type_,
            status="True" if holds else "False",
            reason=verdict.reason,
            message=verdict.message,
            last_transition_time=now,
            observed_generation=generation,
        )
        if earlier is None or earlier.status != found.status:
            return found
        return found.model_copy(update={"last_transition_time": earlier.last_transition_time})

    return (
        condition(ConditionType.READY, verdict.ready),
        condition(ConditionType.PROGRESSING, verdict.progressing),
        condition(ConditionType.DEGRADED, verdict.degraded),
    )
