"""The revisions of a deployment, and which of them to go back to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlp.cli.table import Table
from mlp.cli.text import age
from mlp.errors import NotFound, Precondition

if TYPE_CHECKING:
    from mlp.api.deployment import ModelDeployment, Spec
    from mlp.api.documents import RevisionDocument

_HEADERS = ("REVISION", "SERVES", "OUTCOME", "AGE", "BY", "CAUSE")


def history_table(revisions: Sequence[RevisionDocument]) -> Table:
    """Return a line a revision; the one that is asked for now has a star."""
    return Table(_HEADERS, [_row(each) for each in revisions])


def _row(revision: RevisionDocument) -> tuple[object, ...]:
    outcome, reason = outcome_of(revision), revision.get("reason")
    return (
        f"{revision['number']}{'*' if revision.get('current') else ''}",
        f"{revision['model']}:{revision['version']}",
        f"{outcome} ({reason})" if outcome == "failed" and reason is not None else outcome,
        age(revision["at"]),
        revision.get("by") or "-",
        revision.get("cause") or "-",
    )


def outcome_of(revision: RevisionDocument) -> str:
    """Return what became of a revision: `succeeded`, `failed` … and `unknown` where nobody says."""
    return revision.get("outcome", "unknown")


def revision_to_restore(
    revisions: Sequence[RevisionDocument], present: ModelDeployment, number: int | None
) -> RevisionDocument:
    """Return the revision of that number, or else the newest one that answered and is not what is asked for now.

    Where a place does not know what became of its revisions, one of which nothing bad is known is next best. Raises
    NotFound (`revision_not_found`) and Precondition (`no_earlier_revision`).
    """
    name = present.metadata.name
    if number is not None:
        found = next((each for each in revisions if each["number"] == number), None)
        if found is None:
            known = ", ".join(str(each["number"]) for each in revisions) or "none"
            raise NotFound(
                f"{name} has no revision {number}; it has: {known}", code="revision_not_found", details={"name": name}
            )
        return found
    others = [each for each in revisions if not each.get("current") and restored_spec(each, present) != present.spec]
    for outcome in ("succeeded", "unknown"):
        found = next((each for each in others if outcome_of(each) == outcome), None)
        if found is not None:
            return found
    raise Precondition(
        f"no earlier revision of {name} is known to have answered", code="no_earlier_revision", details={"name": name}
    )


def restored_spec(revision: RevisionDocument, present: ModelDeployment) -> Spec:
    """Return the spec of a revision; where only its version is known, the present spec with that version."""
    from mlp.cli.deployments import spec_of

    spec = revision.get("spec")
    if spec is not None:
        return spec_of(spec)
    return present.spec.model_copy(update={"model_version": revision["version"]})
