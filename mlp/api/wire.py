"""The base of every document, and the one way to write a document as bytes that can be hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Wire(BaseModel):
    """A document: frozen, and closed to fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Answer(BaseModel):
    """A document that a client receives: frozen, and open to fields that a newer server adds."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, 64 lower-case hexadecimal digits")]


def canonical_json(document: Mapping[str, Any]) -> bytes:
    """Return the bytes of `document` that every process agrees on: sorted keys, no spaces, ASCII, no NaN."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.encode("ascii")


def sha256_of(data: bytes) -> str:
    """Return the SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
