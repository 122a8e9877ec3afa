"""Fields of documents that hold a model's name or the number of a version."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mlp.api.reference import MAX_NAME, MAX_VERSION, NAME_PATTERN

ModelName = Annotated[
    str,
    Field(pattern=NAME_PATTERN, max_length=MAX_NAME, description="a DNS-1035 label of at most 50 characters"),
]
VersionNumber = Annotated[int, Field(ge=1, le=MAX_VERSION, strict=True)]
