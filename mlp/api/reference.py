"""What models and versions are called, and how people refer to them; light, because every command reads names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlp.errors import Invalid

NAME_PATTERN = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
MAX_NAME = 50
MAX_VERSION = 2**31 - 1


def check_name(name: str, what: str = "model name") -> str:
    """Return `name`, or raise Invalid (`invalid_name`) with the rule in words."""
    if len(name) > MAX_NAME or not re.fullmatch(NAME_PATTERN, name):
        shown = name if len(name) <= MAX_NAME else name[:MAX_NAME] + "…"
        raise Invalid(
            f"{shown!r} is not a {what}: use lower-case letters, digits and '-', begin with a letter, "
            f"at most {MAX_NAME} characters",
            code="invalid_name",
        )
    return name


@dataclass(frozen=True)
class ModelRef:
    """A model, and perhaps which version of it: `iris`, `iris:2` or `iris@production`."""

    name: str
    version: int | None = None
    alias: str | None = None

    @classmethod
    def parse(cls, text: str) -> ModelRef:
        """Read `iris`, `iris:2` or `iris@production`; anything else is Invalid."""
        if "@" in text:
            name, _, alias = text.partition("@")
            return cls(check_name(name), alias=check_name(alias, "valid alias"))
        name, colon, number = text.partition(":")
        if not colon:
            return cls(check_name(name))
        return cls(check_name(name), version=_number(number))

    @classmethod
    def of(cls, name: str, version: str) -> ModelRef:
        """Return the version of a model that `version` names: `2` or an alias such as `production`."""
        if re.match(r"[a-z]", version):
            return cls(check_name(name), alias=check_name(version, "valid alias"))
        return cls(check_name(name), version=_number(version))

    def __str__(self) -> str:
        if self.alias is not None:
            return f"{self.name}@{self.alias}"
        return self.name if self.version is None else f"{self.name}:{self.version}"


def _number(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,9}", text) or int(text) > MAX_VERSION:
        raise Invalid(f"{text[:MAX_NAME]!r} is not a version: versions are 1, 2, 3 …", code="invalid_version")
    return int(text)
