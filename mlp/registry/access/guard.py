"""The layer before all routes, those that do not exist included: nobody passes who is not known."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mlp.registry.access.gate import Gate

OPEN_PATHS = frozenset({"/health", "/ready", "/metrics"})
"""What probes and scrapers ask, and nothing else."""


class Guard:
    """Finds out who asks, and says so to routes and log in `scope["mlp.caller"]`."""

    def __init__(self, app: ASGIApp, *, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; Denied, which the layer around this one answers, leaves the rest untouched."""
        if scope["type"] == "http" and scope["path"] not in OPEN_PATHS:
            scope["mlp.caller"] = await self._gate.admit(Headers(scope=scope).getlist("authorization"))
        await self._app(scope, receive, send)
