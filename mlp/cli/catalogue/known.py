"""One kind of failure: its code, its cause, its fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """One kind of failure. `fix` may name facts of the failure in braces: `{name}`."""

    code: str
    """`MLP` and four digits; never changes its meaning."""
    title: str
    cause: str
    fix: str
    exit: int | None = None
    """The exit code, where it is not the one of the error's class."""

    def fix_for(self, details: Mapping[str, object]) -> str:
        """Return the fix with the facts of this failure filled in; a fact that is unknown is named in capitals."""
        return self.fix.format_map(_Facts(details))


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return key.upper()
