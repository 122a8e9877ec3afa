"""`/health /ready /metrics`."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from mlp.api.wire import Answer
from mlp.registry.access.needs import needs
from mlp.registry.deps import ServicesDep
from mlp.registry.routes.route import DocumentRoute, failures

router = APIRouter(route_class=DocumentRoute, tags=["health"])


class State(Answer):
    """How the registry is."""

    state: Literal["alive", "ready"]


@router.get("/health", responses=failures())
@needs(None)
async def health() -> State:
    """Say that the process answers."""
    return State(state="alive")


@router.get("/ready", responses=failures(507))
@needs(None)
async def ready(services: ServicesDep) -> State:
    """Say whether database and storage can be written to."""
    await services.health.check()
    return State(state="ready")


@router.get("/metrics", responses=failures() | {200: {"content": {"text/plain": {}}}}, response_class=Response)
@needs(None)
async def metrics(services: ServicesDep) -> Response:
    """Return counters in Prometheus's text format."""
    return Response(services.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
