"""Aliases: names such as `production` that point to one version of a model, and the history of where they pointed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from mlp.api.naming import VersionNumber
from mlp.api.reference import MAX_NAME, NAME_PATTERN, check_name
from mlp.api.wire import Answer, Wire
from mlp.errors import Invalid

LATEST = "latest"
"""Always the highest version: it can be read like an alias, and neither set nor removed."""
MAX_ALIASES = 100
"""The most aliases of a model."""

AliasName = Annotated[
    str,
    Field(
        pattern=NAME_PATTERN,
        max_length=MAX_NAME,
        description="a DNS-1035 label of at most 50 characters, which a number never is",
    ),
]


def check_settable(alias: str) -> str:
    """Return `alias`, or raise Invalid: `invalid_name` for no name, `reserved_alias` for `latest`."""
    if alias == LATEST:
        raise Invalid(f"{LATEST!r} is always the highest version; choose another alias", code="reserved_alias")
    return check_name(alias, "valid alias")


class AliasRequest(Wire):
    """`PUT /models/{name}/aliases/{alias}`: point an alias to a version.

    `expected` is what the alias has to point to at that moment, null that it must not exist. Left out, the alias is
    set whatever it was.
    """

    version: VersionNumber
    expected: VersionNumber | None = None

    @property
    def is_conditional(self) -> bool:
        """Whether `expected` was given, be it null."""
        return "expected" in self.model_fields_set


class Alias(Answer):
    """Where an alias points now, and who pointed it there."""

    model: str
    name: str
    version: int
    updated_at: datetime
    updated_by: str | None = None


class AliasList(Answer):
    """Every alias of a model, by name."""

    items: list[Alias]


class AliasChange(Answer):
    """One entry of an alias's history. Entries are numbered 1, 2, 3 … in the order in which they happened."""

    number: int
    at: datetime
    """When; never before the entry of the number below."""
    by: str
    from_version: int | None = None
    """None: the alias did not exist before."""
    to_version: int | None = None
    """None: the alias was removed."""


class AliasHistory(Answer):
    """A page of an alias's history, newest first; `next` is the cursor of the following page, or None."""

    items: list[AliasChange]
    next: str | None = None
