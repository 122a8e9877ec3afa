"""`/models/{name}/versions/{version}/uses`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from mlp.api.token import Scope
from mlp.api.use import Holder, Use, UseList
from mlp.registry.access.needs import needs
from mlp.registry.deps import By, Limit, Name, Number, ServicesDep
from mlp.registry.routes.route import DocumentRoute, failures

router = APIRouter(route_class=DocumentRoute, prefix="/models/{name}/versions/{version}/uses", tags=["uses"])

HolderPath = Annotated[Holder, Path()]
Cursor = Annotated[Holder | None, Query(description="`next` of the page before")]


@router.get("", responses=failures(404))
@needs(Scope.READ)
async def page(
    name: Name, version: Number, services: ServicesDep, limit: Limit = 100, cursor: Cursor = None
) -> UseList:
    """Return who uses a version now, by holder."""
    return await services.uses.of_version(name, version, cursor=cursor, limit=limit)


@router.put(
    "/{holder}",
    responses=failures(404, 507) | {201: {"model": Use, "description": "the use began"}},
)
@needs(Scope.READ)
async def keep(
    name: Name, version: Number, holder: HolderPath, services: ServicesDep, response: Response, by: By
) -> Use:
    """Say that `holder` needs a version, which keeps it from being deleted for 10 minutes."""
    use, began = await services.uses.keep(name, version, holder, by)
    if began:
        response.status_code = 201
    return use


@router.delete("/{holder}", status_code=204, responses=failures(507))
@needs(Scope.READ)
async def end(name: Name, version: Number, holder: HolderPath, services: ServicesDep, by: By) -> None:
    """Say that `holder` needs a version no longer; nothing happens where it did not."""
    await services.uses.end(name, version, holder, by)
