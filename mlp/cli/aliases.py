"""Aliases as people write them on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlp.errors import Invalid

if TYPE_CHECKING:
    from mlp.api.alias import Alias
    from mlp.api.reference import ModelRef


def named_alias(text: str) -> tuple[ModelRef, str]:
    """Return what `iris@production` names, and the alias in it. Raises Invalid (`invalid_name`, `invalid_option`)."""
    from mlp.api.reference import ModelRef

    reference = ModelRef.parse(text)
    if reference.alias is None:
        raise Invalid(f"{text[:100]!r} names no alias: write NAME@ALIAS, as in iris@production", code="invalid_option")
    return reference, reference.alias


def alias_text(alias: Alias) -> str:
    """Return where an alias points, in one line."""
    return f"{alias.model}@{alias.name} is {alias.model}:{alias.version}"
