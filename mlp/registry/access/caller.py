"""The one who asks, as far as the registry knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mlp.api.token import Scope
from mlp.errors import Denied


@dataclass(frozen=True)
class Caller:
    """The holder of a token, by its name."""

    name: str
    scope: Scope
    expires_at: datetime | None = None
    """When the token is worth nothing any more; None for never."""

    def demand(self, needed: Scope) -> None:
        """Return if this caller's scope holds `needed`; raise Denied (`scope_insufficient`) if not."""
        if not self.scope.covers(needed):
            raise Denied(
                f"the token {self.name!r} has the scope {self.scope}; this needs {needed}: "
                f"mlp token create NAME --scope {needed}",
                code="scope_insufficient",
                details={"scope": needed.value},
            )


ANONYMOUS = Caller("anonymous", Scope.ADMIN)
"""Everybody, where the registry was started for this machine alone."""
