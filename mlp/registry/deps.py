"""What routes are given: services, and parameters that are valid by their type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Path, Query
from pydantic import Field
from starlette.requests import Request

from mlp.api.naming import ModelName
from mlp.api.reference import MAX_VERSION
from mlp.registry.actor import Actor
from mlp.registry.metrics import Metrics
from mlp.registry.service.aliases import Aliases
from mlp.registry.service.audit import AuditLog
from mlp.registry.service.catalog import Catalog
from mlp.registry.service.collection import Collection
from mlp.registry.service.health import Health
from mlp.registry.service.pushes import Pushes
from mlp.registry.service.removal import Removal
from mlp.registry.service.tokens import Tokens
from mlp.registry.service.uses import Uses
from mlp.registry.service.webhooks import Webhooks
from mlp.registry.settings import Settings
from mlp.registry.store.base import ArtifactStore

MAX_PAGE = 1_000


@dataclass(frozen=True)
class Services:
    """What the application is made of, as far as routes need it."""

    settings: Settings
    catalog: Catalog
    aliases: Aliases
    uses: Uses
    pushes: Pushes
    removal: Removal
    tokens: Tokens
    events: AuditLog
    collection: Collection
    webhooks: Webhooks
    health: Health
    store: ArtifactStore
    metrics: Metrics


async def services_of(request: Request) -> Services:
    """Return the services of the application that `request` came to."""
    services: Services = request.app.state.services
    return services


async def actor_of(request: Request) -> Actor:
    """Return in whose name `request` changes something."""
    return Actor(request.scope["mlp.caller"].name, request.scope.get("mlp.request_id"))


ServicesDep = Annotated[Services, Depends(services_of)]
By = Annotated[Actor, Depends(actor_of)]
Name = Annotated[ModelName, Path()]
Number = Annotated[int, Path(ge=1, le=MAX_VERSION, description="a version: 1, 2, 3 …")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="the most items that the page has")]
Archived = Annotated[bool, Query(description="archived ones too")]
Tags = Annotated[
    tuple[Annotated[str, Field(pattern=r"^[-A-Za-z0-9_./]{1,64}(=[^\x00-\x1f\x7f]{0,256})?$")], ...],
    Query(alias="tag", max_length=10, description="`key` or `key=value`; given several times, all must be there"),
]
IdempotencyKey = Annotated[
    str | None,
    Header(pattern=r"^[\x21-\x7e]{1,128}$", description="the same key and body again find the same upload"),
]
