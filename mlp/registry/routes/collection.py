"""`/gc`: blobs that nothing uses."""

from __future__ import annotations

from fastapi import APIRouter

from mlp.api.collection import CollectionReport, CollectionRequest
from mlp.api.token import Scope
from mlp.registry.access.needs import needs
from mlp.registry.deps import By, ServicesDep
from mlp.registry.routes.route import DOCUMENT_FAILURES, DocumentRoute, failures

router = APIRouter(route_class=DocumentRoute, tags=["collection"])


@router.post("/gc", responses=failures(*DOCUMENT_FAILURES))
@needs(Scope.ADMIN)
async def collect(request: CollectionRequest, services: ServicesDep, by: By) -> CollectionReport:
    """Find blobs without a version and versions without their blob; delete the former unless it is a dry run."""
    return await services.collection.collect(request, by)
