"""The specs that a deployment was asked for, and when it counts as known what became of one. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, RootModel

from mlp.api.deployment import Condition, ConditionType, ModelDeployment, Spec
from mlp.api.history import Outcome, Revision
from mlp.api.wire import Answer

_RESTING = ("ScaledToZero", "Suspended")
"""Reasons that are what the spec asks for."""


class Asked(Answer):
    """A spec was asked for."""

    kind: Literal["asked"] = "asked"
    number: int
    """The generation."""
    at: datetime
    spec: Spec
    cause: str | None = None
    by: str | None = None


class Decided(Answer):
    """It became known what becomes of it."""

    kind: Literal["decided"] = "decided"
    number: int
    at: datetime
    outcome: Literal["succeeded", "failed"]
    reason: str
    message: str = ""
    digest: str | None = None


class RevisionLine(RootModel[Annotated[Asked | Decided, Field(discriminator="kind")]]):
    """A line of the file."""


def decision_of(deployment: ModelDeployment, last: Decided | None, at: datetime) -> Decided | None:
    """Return what the status tells for the first time: that the spec is served, or that it failed (and why, if anew).

    What was served once has succeeded, whatever happens to it later; what failed may still be served.
    """
    status, number = deployment.status, deployment.metadata.generation or 1
    if status is None or status.observed_generation != deployment.metadata.generation:
        return None
    ready, degraded = status.condition(ConditionType.READY), status.condition(ConditionType.DEGRADED)
    outcome: Literal["succeeded", "failed"]
    if ready is not None and (ready.status == "True" or ready.reason in _RESTING):
        state, outcome = ready, "succeeded"
    elif degraded is not None and degraded.status == "True":
        state, outcome = degraded, "failed"
    else:
        return None
    if last is not None and last.number == number and not _is_news(last, state, outcome):
        return None
    digest = status.digest if ready is not None and ready.status == "True" else None
    return Decided(number=number, at=at, outcome=outcome, reason=state.reason, message=state.message, digest=digest)


def revisions_of(model: str, lines: Iterable[Asked | Decided], current: int) -> list[Revision]:
    """Return the revisions that lines tell of, the newest first; `current` is the number of the spec as it stands."""
    found: dict[int, Revision] = {}
    for line in lines:
        match line:
            case Asked():
                found[line.number] = Revision(
                    number=line.number,
                    model=model,
                    version=line.spec.model_version,
                    spec=line.spec,
                    at=line.at,
                    cause=line.cause,
                    by=line.by,
                    outcome="pending",
                    current=line.number == current,
                )
            case Decided() if line.number in found:
                told = {"outcome": line.outcome, "reason": line.reason, "message": line.message, "digest": line.digest}
                found[line.number] = found[line.number].model_copy(update={**told, "decided_at": line.at})
    newest_first = sorted(found.values(), key=lambda each: each.number, reverse=True)
    return [_superseded(each) if not each.current and each.outcome == "pending" else each for each in newest_first]


def _superseded(revision: Revision) -> Revision:
    outcome: Outcome = "superseded"
    return revision.model_copy(update={"outcome": outcome})


def _is_news(last: Decided, state: Condition, outcome: str) -> bool:
    return last.outcome == "failed" and (outcome, state.reason) != (last.outcome, last.reason)
