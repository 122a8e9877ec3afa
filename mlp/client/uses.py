"""Uses of the registry's versions."""

from __future__ import annotations

import re

import httpx

from mlp.api.use import HOLDER_PATTERN, MAX_HOLDER, Use, UseList
from mlp.client.http import call
from mlp.client.pages import document_of, listed
from mlp.client.resource import PAGE, WHO, path_of
from mlp.errors import Invalid


class Uses:
    """Every method raises errors of `mlp.errors`: what the registry said, or Unavailable when it does not answer."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def of(self, name: str, version: int, *, limit: int = PAGE) -> list[Use]:
        """Return at most `limit` uses of a version, by holder."""
        return listed(self._http, f"{path_of(name, version)}/uses", UseList, {}, limit)

    def keep(self, name: str, version: int, holder: str) -> Use:
        """Say that `holder` uses a version, which keeps it from being deleted for the next 10 minutes."""
        return document_of(call(self._http, WHO, "PUT", _path(name, version, holder)), Use)

    def end(self, name: str, version: int, holder: str) -> None:
        """Say that `holder` uses a version no longer."""
        call(self._http, WHO, "DELETE", _path(name, version, holder))


def _path(name: str, version: int, holder: str) -> str:
    if len(holder) > MAX_HOLDER or not re.fullmatch(HOLDER_PATTERN, holder):
        raise Invalid(f"{holder[:MAX_HOLDER]!r} cannot hold a version", code="invalid_name")
    return f"{path_of(name, version)}/uses/{holder}"
