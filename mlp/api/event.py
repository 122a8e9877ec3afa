"""Events: what was done to models, versions and tokens, by whom and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mlp.api.wire import Answer


class Event(Answer):
    """A line of the audit log. Lines are added in the transaction of what they tell, and never changed."""

    id: int
    at: datetime
    action: str
    """`version.created`, `alias.set`."""
    actor: str
    """The name of the token; `anonymous` where no token is asked for."""
    request_id: str | None = None
    model: str | None = None
    version: int | None = None
    details: dict[str, Any] = {}


class EventList(Answer):
    """A page of the audit log, newest first; `next` is the cursor of the following page, or None."""

    items: list[Event]
    next: str | None = None
