"""Tokens of the registry."""

from __future__ import annotations

import re

import httpx

from mlp.api.token import NAME_PATTERN, Identity, NewToken, Scope, TokenRequest
from mlp.client.http import call
from mlp.client.pages import document_of
from mlp.client.resource import WHO
from mlp.errors import Invalid


class Tokens:
    """Every method raises errors of `mlp.errors`: what the registry said, or Unavailable when it does not answer."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def create(self, name: str, scope: Scope, *, expires_in: int | None = None) -> NewToken:
        """Make a token, worth something for `expires_in` seconds, or for ever; Conflict (`token_exists`)."""
        body = TokenRequest(name=check_token_name(name), scope=scope, expires_in=expires_in).model_dump(mode="json")
        return document_of(call(self._http, WHO, "POST", "/tokens", json=body), NewToken)

    def revoke(self, name: str) -> None:
        """Have every replica of the registry refuse a token within 5 seconds; NotFound (`token_not_found`)."""
        call(self._http, WHO, "DELETE", f"/tokens/{check_token_name(name)}")

    def whoami(self) -> Identity:
        """Return in whose name this client asks."""
        return document_of(call(self._http, WHO, "GET", "/whoami"), Identity)


def check_token_name(name: str) -> str:
    """Return `name`, or raise Invalid (`invalid_token_name`) with the rule in words."""
    if not re.fullmatch(NAME_PATTERN.strip("^$"), name):
        raise Invalid(
            f"{name[:64]!r} is no name for a token: 1 to 64 letters, digits, '.', '_', '@' and '-', "
            "with a letter or digit at both ends",
            code="invalid_token_name",
        )
    return name
