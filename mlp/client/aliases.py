"""Aliases of the registry's models."""

from __future__ import annotations

from enum import Enum
from typing import Literal

import httpx

from mlp.api.alias import Alias, AliasChange, AliasHistory, AliasList
from mlp.client.http import call
from mlp.client.pages import document_of, listed
from mlp.client.resource import PAGE, WHO, alias_path, path_of


class Anything(Enum):
    """The type of `ANYTHING`."""

    ANYTHING = "anything"


ANYTHING: Literal[Anything.ANYTHING] = Anything.ANYTHING
"""No expectation of what an alias points to: it is set whatever it was."""


class Aliases:
    """Every method raises errors of `mlp.errors`: what the registry said, or Unavailable when it does not answer."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def of(self, name: str) -> list[Alias]:
        """Return the aliases of a model, by name."""
        return document_of(call(self._http, WHO, "GET", f"{path_of(name)}/aliases"), AliasList).items

    def get(self, name: str, alias: str) -> Alias:
        """Return where an alias points; `latest` is the highest version. NotFound (`alias_not_found`)."""
        return document_of(call(self._http, WHO, "GET", alias_path(name, alias)), Alias)

    def set(
        self, name: str, alias: str, version: int, *, expected: int | Literal[Anything.ANYTHING] | None = ANYTHING
    ) -> Alias:
        """Point an alias to a version.

        With `expected`, only if it points there now, and with None, only if it does not exist; else Conflict (`stale`).
        """
        body: dict[str, int | None] = {"version": version}
        if expected is not ANYTHING:
            body["expected"] = expected
        return document_of(call(self._http, WHO, "PUT", alias_path(name, alias), json=body), Alias)

    def remove(self, name: str, alias: str, *, expected: int | None = None) -> None:
        """Remove an alias, with `expected` only if it points there now, else Conflict (`stale`)."""
        params = {} if expected is None else {"expected": str(expected)}
        call(self._http, WHO, "DELETE", alias_path(name, alias), params=params)

    def history(self, name: str, alias: str, *, at: str | None = None, limit: int = PAGE) -> list[AliasChange]:
        """Return at most `limit` entries of an alias's history, newest first.

        With `at`, a day (`2026-05-03`) or a moment (`2026-05-03T12:00:00Z`), only those that held then.
        """
        return listed(self._http, f"{alias_path(name, alias)}/history", AliasHistory, {"at": at}, limit)
