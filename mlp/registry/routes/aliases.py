"""`/models/{name}/aliases`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from mlp.api.alias import Alias, AliasHistory, AliasList, AliasName, AliasRequest
from mlp.api.reference import MAX_VERSION
from mlp.api.token import Scope
from mlp.registry.access.needs import needs
from mlp.registry.deps import By, Limit, Name, ServicesDep
from mlp.registry.period import Period
from mlp.registry.routes.route import DOCUMENT_FAILURES, DocumentRoute, failures

router = APIRouter(route_class=DocumentRoute, prefix="/models/{name}/aliases", tags=["aliases"])

AliasPath = Annotated[AliasName, Path()]
Expected = Annotated[int | None, Query(ge=1, le=MAX_VERSION, description="the version that the alias must point to")]
Cursor = Annotated[int | None, Query(ge=1, le=MAX_VERSION, description="`next` of the page before")]
At = Annotated[
    str | None,
    Query(
        max_length=40,
        description="only what held then: a moment such as 2026-05-03T12:00:00Z, or a whole day such as 2026-05-03",
    ),
]


def period_of(at: At = None) -> Period | None:
    """Return the period that `at` names."""
    return None if at is None else Period.parse(at)


@router.get("", responses=failures(404))
@needs(Scope.READ)
async def every(name: Name, services: ServicesDep) -> AliasList:
    """Return the aliases of a model, by name."""
    return await services.aliases.all(name)


@router.get("/{alias}", responses=failures(404))
@needs(Scope.READ)
async def show(name: Name, alias: AliasPath, services: ServicesDep) -> Alias:
    """Return where an alias points; `latest` is always the highest version."""
    return await services.aliases.get(name, alias)


@router.put(
    "/{alias}",
    responses=failures(404, 409, *DOCUMENT_FAILURES) | {201: {"model": Alias, "description": "the alias is new"}},
)
@needs(Scope.WRITE)
async def point(
    name: Name, alias: AliasPath, request: AliasRequest, services: ServicesDep, response: Response, by: By
) -> Alias:
    """Point an alias to a version, if it points to `expected` now; null means that it must not exist yet."""
    pointed, is_new = await services.aliases.set(name, alias, request, by)
    if is_new:
        response.status_code = 201
    return pointed


@router.delete("/{alias}", status_code=204, responses=failures(404, 409, 507))
@needs(Scope.WRITE)
async def remove(name: Name, alias: AliasPath, services: ServicesDep, by: By, expected: Expected = None) -> None:
    """Remove an alias. Its history stays."""
    await services.aliases.remove(name, alias, expected, by)


@router.get("/{alias}/history", responses=failures(404))
@needs(Scope.READ)
async def history(
    name: Name,
    alias: AliasPath,
    services: ServicesDep,
    during: Annotated[Period | None, Depends(period_of)],
    limit: Limit = 100,
    cursor: Cursor = None,
) -> AliasHistory:
    """Return where an alias pointed, newest first: who changed it, when, from and to which version."""
    return await services.aliases.history(name, alias, during=during, cursor=cursor, limit=limit)
