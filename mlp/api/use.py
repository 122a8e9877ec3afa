"""Uses: who needs a version now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from mlp.api.wire import Answer

USE_LASTS = timedelta(minutes=10)
"""A use that is not renewed for so long has ended."""
HOLDER_PATTERN = r"^[a-z0-9]([-a-z0-9._]*[a-z0-9])?$"
MAX_HOLDER = 253

Holder = Annotated[
    str,
    Field(
        pattern=HOLDER_PATTERN,
        max_length=MAX_HOLDER,
        description="who uses the version, such as `ml-platform.iris`: lower-case letters, digits, '-', '.' and '_'",
    ),
]


class Use(Answer):
    """Somebody needs a version, which keeps it from being deleted until the use ends or expires."""

    holder: str
    since: datetime
    expires_at: datetime


class UseList(Answer):
    """A page of the uses of a version, by holder; `next` is the cursor of the following page, or None."""

    items: list[Use]
    next: str | None = None
