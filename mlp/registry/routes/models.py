"""`/models` and `/models/{name}`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from mlp.api.model import Model, ModelList, ModelPatch, ModelRequest
from mlp.api.naming import ModelName
from mlp.api.token import Scope
from mlp.registry.access.needs import needs
from mlp.registry.deps import Archived, By, Limit, Name, ServicesDep, Tags
from mlp.registry.routes.route import DOCUMENT_FAILURES, DocumentRoute, failures

router = APIRouter(route_class=DocumentRoute, prefix="/models", tags=["models"])

Search = Annotated[
    str | None, Query(pattern=r"^[-A-Za-z0-9]{1,50}$", description="only models whose name contains this")
]
Cursor = Annotated[ModelName | None, Query(description="`next` of the page before")]


@router.post("", status_code=201, responses=failures(409, *DOCUMENT_FAILURES))
@needs(Scope.WRITE)
async def create(request: ModelRequest, services: ServicesDep, by: By) -> Model:
    """Create a model without versions."""
    return await services.catalog.create(request, by)


@router.get("", responses=failures())
@needs(Scope.READ)
async def page(
    services: ServicesDep,
    tags: Tags = (),
    search: Search = None,
    archived: Archived = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ModelList:
    """Return models, by name."""
    return await services.catalog.models(search=search, tags=tags, archived=archived, cursor=cursor, limit=limit)


@router.get("/{name}", responses=failures(404))
@needs(Scope.READ)
async def show(name: Name, services: ServicesDep) -> Model:
    """Return one model."""
    return await services.catalog.model(name)


@router.patch("/{name}", responses=failures(404, 409, *DOCUMENT_FAILURES))
@needs(Scope.WRITE)
async def change(name: Name, patch: ModelPatch, services: ServicesDep, by: By) -> Model:
    """Change description and tags, where a tag set to null goes away; archive the model, or bring it back."""
    return await services.catalog.change_model(name, patch, by)


@router.delete("/{name}", status_code=204, responses=failures(404, 409, 507))
@needs(Scope.ADMIN)
async def remove(name: Name, services: ServicesDep, by: By) -> None:
    """Delete a model and all its versions. Their numbers are not given again."""
    await services.removal.model(name, by)
