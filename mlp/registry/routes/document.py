"""`/openapi.json`: the registry in OpenAPI's words."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mlp.api.token import Scope
from mlp.registry.access.needs import needs
from mlp.registry.routes.route import DocumentRoute

router = APIRouter(route_class=DocumentRoute)


@router.get("/openapi.json", include_in_schema=False)
@needs(Scope.READ)
async def document(request: Request) -> Response:
    """Return the document of this application."""
    return JSONResponse(request.app.openapi())
