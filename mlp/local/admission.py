"""How a document that is handed in becomes the one that is kept. Pure."""

from __future__ import annotations

from datetime import datetime

from mlp.api.deployment import NOTES, ModelDeployment, Resources, Spec
from mlp.errors import Invalid

RESERVED = frozenset({"agent", "registry"})
"""Names of the platform's own processes, whose logs lie beside those of deployments."""


def admit(given: ModelDeployment, current: ModelDeployment | None, now: datetime) -> ModelDeployment:
    """Return `given` with the generation, the notes and the status that belong to it.

    The generation grows when the spec differs from that of `current`. Raises Invalid: `reserved_name`, or
    `immutable_field` when the model's name differs.
    """
    name = given.metadata.name
    if name in RESERVED:
        raise Invalid(f"{name!r} names a process of the platform; choose another name", code="reserved_name")
    before = current.spec.model_name if current is not None else given.spec.model_name
    if given.spec.model_name != before:
        raise Invalid(
            f"spec.modelName of {name!r} is {before!r} and cannot change; use another deployment for another model",
            code="immutable_field",
            details={"field": "spec.modelName"},
        )
    annotations = {key: value for key, value in given.metadata.annotations.items() if key != NOTES}
    notes = not_applied(given.spec)
    if notes:
        annotations[NOTES] = "; ".join(notes)
    metadata = given.metadata.model_copy(
        update={
            "annotations": annotations,
            "generation": _generation(given, current),
            "creation_timestamp": current.metadata.creation_timestamp if current is not None else now,
        }
    )
    return given.model_copy(update={"metadata": metadata, "status": current.status if current is not None else None})


def not_applied(spec: Spec) -> list[str]:
    """Return what the spec asks for and one machine does not give, a sentence each."""
    notes = []
    if spec.autoscaling is not None and spec.autoscaling.enabled:
        notes.append("autoscaling is not applied on one machine: one process serves")
    elif spec.replicas > 1:
        notes.append(f"replicas {spec.replicas} is not applied on one machine: one process serves")
    if spec.resources != Resources():
        notes.append("resources are not applied on one machine")
    return notes


def _generation(given: ModelDeployment, current: ModelDeployment | None) -> int:
    if current is None or current.metadata.generation is None:
        return 1
    return current.metadata.generation + (given.spec != current.spec)
