"""HTTP: paths, parameters, statuses. Each route hands over to a service and returns what it says."""

from __future__ import annotations

from mlp.registry.routes import (
    aliases,
    collection,
    document,
    events,
    health,
    models,
    tokens,
    uploads,
    uses,
    versions,
    webhooks,
)

ROUTERS = tuple(
    module.router
    for module in (versions, uploads, health, document, models, uses, aliases, tokens, events, collection, webhooks)
)
"""All of them; a path belongs to the first route that fits, so what is asked most stands first."""
