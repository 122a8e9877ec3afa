"""`/webhooks`: who is told of changes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from mlp.api.token import Scope
from mlp.api.webhook import DeliveryList, DeliveryState, Webhook, WebhookList, WebhookRequest
from mlp.registry.access.needs import needs
from mlp.registry.deps import By, Limit, ServicesDep
from mlp.registry.routes.route import DOCUMENT_FAILURES, DocumentRoute, failures

router = APIRouter(route_class=DocumentRoute, prefix="/webhooks", tags=["webhooks"])

_MOST = 2**31 - 1
Id = Annotated[int, Path(ge=1, le=_MOST)]
Cursor = Annotated[int | None, Query(ge=1, le=_MOST, description="`next` of the page before")]

State = Annotated[DeliveryState | None, Query(description="only those")]


@router.post("", status_code=201, responses=failures(409, *DOCUMENT_FAILURES))
@needs(Scope.ADMIN)
async def create(request: WebhookRequest, services: ServicesDep, by: By) -> Webhook:
    """Tell a URL of changes, in requests that the secret signs. No answer shows the secret."""
    return await services.webhooks.create(request, by)


@router.get("", responses=failures())
@needs(Scope.ADMIN)
async def page(services: ServicesDep, limit: Limit = 100, cursor: Cursor = None) -> WebhookList:
    """Return webhooks, oldest first."""
    return await services.webhooks.page(cursor=cursor, limit=limit)


@router.get("/{webhook}", responses=failures(404))
@needs(Scope.ADMIN)
async def show(webhook: Id, services: ServicesDep) -> Webhook:
    """Return a webhook."""
    return await services.webhooks.get(webhook)


@router.delete("/{webhook}", status_code=204, responses=failures(404, 507))
@needs(Scope.ADMIN)
async def remove(webhook: Id, services: ServicesDep, by: By) -> None:
    """Tell that URL nothing more, not even what is due."""
    await services.webhooks.delete(webhook, by)


@router.get("/{webhook}/deliveries", responses=failures(404))
@needs(Scope.ADMIN)
async def deliveries(webhook: Id, services: ServicesDep, state: State = None, limit: Limit = 100) -> DeliveryList:
    """Return the latest deliveries to a webhook, newest first: what waits, and what came of the others."""
    return await services.webhooks.deliveries(webhook, state, limit)
