"""`/events`: the audit log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from mlp.api.event import EventList
from mlp.api.naming import ModelName
from mlp.api.token import Scope
from mlp.registry.access.needs import needs
from mlp.registry.deps import Limit, ServicesDep
from mlp.registry.routes.route import DocumentRoute, failures

router = APIRouter(route_class=DocumentRoute, tags=["events"])

ModelFilter = Annotated[ModelName | None, Query(alias="model", description="only events of this model")]
Action = Annotated[
    str | None, Query(pattern=r"^[a-z][a-z_]{0,30}\.[a-z][a-z_]{0,30}$", description="`version.created`, `alias.set` …")
]
Since = Annotated[
    AwareDatetime | None,
    Query(
        ge=datetime(1970, 1, 2, tzinfo=UTC),
        le=datetime(9_000, 1, 1, tzinfo=UTC),
        description="only events from this moment on, as in 2026-05-03T00:00:00Z",
    ),
]
Cursor = Annotated[int | None, Query(ge=1, le=2**63 - 1, description="`next` of the page before")]


@router.get("/events", responses=failures())
@needs(Scope.ADMIN)
async def page(
    services: ServicesDep,
    model: ModelFilter = None,
    action: Action = None,
    since: Since = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> EventList:
    """Return what was done, by whom and when, newest first."""
    return await services.events.page(model=model, action=action, since=since, cursor=cursor, limit=limit)
