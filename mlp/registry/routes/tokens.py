"""`/tokens` and `/whoami`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from mlp.api.token import Identity, NewToken, Scope, TokenList, TokenName, TokenRequest
from mlp.registry.access.caller import Caller
from mlp.registry.access.needs import needs
from mlp.registry.deps import By, Limit, ServicesDep
from mlp.registry.routes.route import DOCUMENT_FAILURES, DocumentRoute, failures

router = APIRouter(route_class=DocumentRoute, tags=["tokens"])

Cursor = Annotated[TokenName | None, Query(description="`next` of the page before")]


@router.post("/tokens", status_code=201, responses=failures(409, *DOCUMENT_FAILURES))
@needs(Scope.ADMIN)
async def create(request: TokenRequest, services: ServicesDep, by: By, response: Response) -> NewToken:
    """Make a token. This answer holds its only copy."""
    response.headers["Cache-Control"] = "no-store"
    return await services.tokens.create(request, by)


@router.get("/tokens", responses=failures())
@needs(Scope.ADMIN)
async def page(services: ServicesDep, limit: Limit = 100, cursor: Cursor = None) -> TokenList:
    """Return tokens by name, without what only their holders know."""
    return await services.tokens.page(cursor=cursor, limit=limit)


@router.delete("/tokens/{name}", status_code=204, responses=failures(404, 507))
@needs(Scope.ADMIN)
async def revoke(name: Annotated[TokenName, Path()], services: ServicesDep, by: By) -> None:
    """Revoke a token; every replica refuses it within 5 seconds."""
    await services.tokens.revoke(name, by)


@router.get("/whoami", responses=failures())
@needs(Scope.READ)
async def whoami(request: Request) -> Identity:
    """Return in whose name this request is made."""
    caller: Caller = request.scope["mlp.caller"]
    return Identity(name=caller.name, scope=caller.scope, expires_at=caller.expires_at)
