"""A model or one of its versions, named so that nothing else can be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlp.errors import Invalid

if TYPE_CHECKING:
    from mlp.api.reference import ModelRef


def fixed_reference(text: str) -> ModelRef:
    """Read `iris` or `iris:2`; an alias, which may point elsewhere a moment later, is Invalid (`invalid_version`)."""
    from mlp.api.reference import ModelRef

    reference = ModelRef.parse(text)
    if reference.alias is not None:
        raise Invalid(
            f"{reference} may point elsewhere a moment later: name the version, as in {reference.name}:2",
            code="invalid_version",
        )
    return reference
