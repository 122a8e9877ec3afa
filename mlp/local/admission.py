"""How a document that is handed in becomes the one that is kept. Pure."""

from __future__ import annotations

from datetime import datetime

from mlp.api.deployment import ModelDeployment
from mlp.errors import Invalid

RESERVED = frozenset({"agent", "registry"})
"""Names of the platform's own processes, whose logs lie beside those of deployments."""


def admit(given: ModelDeployment, current: ModelDeployment | None, now: datetime) -> ModelDeployment:
    """Return `given` with the generation, the time of creation and the status that belong to it.

    The generation grows when the spec differs from that of `current`. Raises Invalid: `reserved_name`, or
    `immutable_field` when the model's name differs.
    """
    name = given.metadata.name
    if name in RESERVED:
        raise Invalid(f"{name!r} names a process of the platform; choose another name", code="reserved_name")
    if current is None:
        metadata = given.metadata.model_copy(update={"generation": 1, "creation_timestamp": now})
        return given.model_copy(update={"metadata": metadata, "status": None})
    if given.spec.model_name != current.spec.model_name:
        raise Invalid(
            f"spec.modelName of {name!r} is {current.spec.model_name!r} and cannot change",
            code="immutable_field",
            details={"name": name, "field": "spec.modelName"},
        )
    known = current.metadata
    generation = (known.generation or 1) + (given.spec != current.spec)
    metadata = given.metadata.model_copy(
        update={"generation": generation, "creation_timestamp": known.creation_timestamp}
    )
    return given.model_copy(update={"metadata": metadata, "status": current.status})
