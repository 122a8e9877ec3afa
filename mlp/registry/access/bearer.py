"""Bearer tokens: how one is made, read from a header, and remembered. Pure."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence

from mlp.errors import Denied

PREFIX = "mlp_"
"""What a token begins with, so that a scanner for secrets and a reader know one."""
_BYTES = 32  # 256 bits
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{32,512}")


def new_token() -> str:
    """Return a new token, `mlp_` and 43 characters."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def is_token(text: str) -> bool:
    """Whether `text` can be a token: 32 to 512 characters that a Bearer header may hold."""
    return _TOKEN.fullmatch(text) is not None


def hash_of(token: str) -> str:
    """Return what is kept of a token: its SHA-256. A token has 256 random bits, so that no salt is needed."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def token_in(authorization: Sequence[str]) -> str:
    """Return the token that the Authorization headers of a request hold.

    Raises Denied: `token_missing`, or `token_invalid` for what cannot be one.
    """
    if not authorization:
        raise Denied(
            'this registry wants the header "Authorization: Bearer TOKEN"; '
            "an administrator makes a token with: mlp token create NAME --scope read",
            code="token_missing",
        )
    scheme, _, token = authorization[0].partition(" ")
    token = token.strip(" ")
    if len(authorization) > 1 or scheme.lower() != "bearer" or not is_token(token):
        raise unknown_token()
    return token


def unknown_token() -> Denied:
    """Return the error for a token that is not, or no longer, one of this registry."""
    return Denied(
        'the token in the header "Authorization: Bearer TOKEN" is none of this registry, or was revoked; '
        "an administrator makes one with: mlp token create NAME --scope read",
        code="token_invalid",
    )
