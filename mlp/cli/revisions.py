"""The revisions of a deployment, and which of them to go back to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlp.cli.text import age, columns
from mlp.errors import NotFound, Precondition

if TYPE_CHECKING:
    from mlp.api.deployment import ModelDeployment, Spec
    from mlp.api.history import Revision

_HEADERS = ("REVISION", "SERVES", "OUTCOME", "AGE", "BY", "CAUSE")


def history_text(revisions: Sequence[Revision]) -> str:
    """Return a line a revision; the one that is asked for now has a star."""
    return columns(_HEADERS, [_row(each) for each in revisions])


def _row(revision: Revision) -> tuple[object, ...]:
    outcome = revision.outcome
    if revision.outcome == "failed" and revision.reason is not None:
        outcome = f"{revision.outcome} ({revision.reason})"  # type: ignore[assignment]
    return (
        f"{revision.number}{'*' if revision.current else ''}",
        f"{revision.model}:{revision.version}",
        outcome,
        age(revision.at),
        revision.by or "-",
        revision.cause or "-",
    )


def revision_to_restore(revisions: Sequence[Revision], present: ModelDeployment, number: int | None) -> Revision:
    """Return the revision of that number, or else the newest one that answered and is not what is asked for now.

    Where a place does not know what became of its revisions, one of which nothing bad is known is next best. Raises
    NotFound (`revision_not_found`) and Precondition (`no_earlier_revision`).
    """
    name = present.metadata.name
    if number is not None:
        found = next((each for each in revisions if each.number == number), None)
        if found is None:
            known = ", ".join(str(each.number) for each in revisions) or "none"
            raise NotFound(
                f"{name} has no revision {number}; it has: {known}", code="revision_not_found", details={"name": name}
            )
        return found
    others = [each for each in revisions if not each.current and restored_spec(each, present) != present.spec]
    for outcome in ("succeeded", "unknown"):
        found = next((each for each in others if each.outcome == outcome), None)
        if found is not None:
            return found
    raise Precondition(
        f"no earlier revision of {name} is known to have answered", code="no_earlier_revision", details={"name": name}
    )


def restored_spec(revision: Revision, present: ModelDeployment) -> Spec:
    """Return the spec of a revision; where only its version is known, the present spec with that version."""
    if revision.spec is not None:
        return revision.spec
    return present.spec.model_copy(update={"model_version": revision.version})
