"""The application: parts put together, nothing decided."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import Lifespan

import mlp
from mlp.errors import MlpError
from mlp.registry.access.gate import Gate, OpenGate, TokenGate
from mlp.registry.access.guard import Guard
from mlp.registry.access.memory import TokenMemory
from mlp.registry.access.token_files import token_files
from mlp.registry.check.judge import Judge
from mlp.registry.database import Database, engine_for
from mlp.registry.deps import Services
from mlp.registry.folder import DataFolder
from mlp.registry.handlers import add_handlers
from mlp.registry.metrics import Metrics
from mlp.registry.middleware import Drain, Envelope
from mlp.registry.routes import ROUTERS
from mlp.registry.service.aliases import Aliases
from mlp.registry.service.audit import AuditLog
from mlp.registry.service.catalog import Catalog
from mlp.registry.service.collection import Collection
from mlp.registry.service.health import Health
from mlp.registry.service.pushes import Pushes, Shelf
from mlp.registry.service.removal import Removal
from mlp.registry.service.tokens import Tokens
from mlp.registry.service.uses import Uses
from mlp.registry.service.webhooks import Webhooks
from mlp.registry.settings import Settings
from mlp.registry.store.base import ArtifactStore
from mlp.registry.store.configured import configured_store
from mlp.registry.store.measured import MeasuredStore
from mlp.registry.store.staging import Staging
from mlp.registry.webhooks.hosts import AllowedHosts

if TYPE_CHECKING:
    from mlp.registry.webhooks.dispatcher import Dispatcher

log = logging.getLogger(__name__)

_HOUSEKEEPING_SECONDS = 3_600.0


class Application(FastAPI):
    """FastAPI whose OpenAPI document knows the tokens that routes ask for."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        described = super().openapi()
        described["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        return described


def create_app(settings: Settings, store: ArtifactStore | None = None) -> FastAPI:
    """Return the registry on the data that `settings` name; its folder exists and its schema is at HEAD.

    `store` takes the place of the one that they name; it is prepared. Raises Invalid when a token file holds no token.
    """
    folder = DataFolder(settings.data)
    metrics, drain = Metrics(), Drain()
    store = MeasuredStore(store or configured_store(settings, folder.blobs), metrics.store)
    shelf = Shelf(Staging(folder.incoming), store)
    hosts = AllowedHosts.of(settings.webhook_hosts)
    database = Database(engine_for(settings.database), tells=not hosts.is_empty)
    claims = Uses(database)
    judge = Judge(settings.limits, metrics.verdicts)
    memory = TokenMemory()
    tokens = Tokens(database, memory, guarded=settings.guarded)
    pushes = Pushes(database, shelf, judge, settings.max_model_bytes)
    collection = Collection(database, store)
    webhooks = Webhooks(database, hosts)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        shelf.staging.clear()
        work = [_keep_house(pushes.expire, claims.expire, webhooks.expire, collection.tidy)]
        if not hosts.is_empty:
            work.append(_dispatcher(database, hosts, settings, metrics).run())
        tasks = [asyncio.create_task(each) for each in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await judge.close()
            await tokens.close()
            await database.close()

    app = _plain_app(
        lifespan,
        Middleware(Envelope, hosts=settings.hosts, metrics=metrics, drain=drain),
        Middleware(Guard, gate=_gate(settings, tokens, memory)),
    )
    app.state.drain = drain
    app.state.services = Services(
        settings=settings,
        catalog=Catalog(database),
        aliases=Aliases(database),
        uses=claims,
        pushes=pushes,
        removal=Removal(database),
        tokens=tokens,
        events=AuditLog(database),
        collection=collection,
        webhooks=webhooks,
        health=Health(database, shelf),
        store=store,
        metrics=metrics,
    )
    return app


def _gate(settings: Settings, tokens: Tokens, memory: TokenMemory) -> Gate:
    if not settings.guarded:
        return OpenGate()
    return TokenGate(token_files(settings.admin_token_file, settings.read_token_file), tokens.holder, memory)


def _dispatcher(database: Database, hosts: AllowedHosts, settings: Settings, metrics: Metrics) -> Dispatcher:
    # The HTTP client takes memory that a registry which tells nobody does not need.
    from mlp.registry.webhooks.dispatcher import Dispatcher
    from mlp.registry.webhooks.sender import Sender

    return Dispatcher(database, Sender(hosts), settings.webhook_retry_seconds, metrics.webhooks)


def _plain_app(lifespan: Lifespan[FastAPI], *layers: Middleware) -> FastAPI:
    app = Application(
        title="mlp registry",
        version=mlp.__version__,
        lifespan=lifespan,
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        middleware=layers,
    )
    add_handlers(app)
    for router in ROUTERS:
        # One flat list of routes: a test can walk it, and an answer 405 can name every method of a path.
        app.router.routes.extend(router.routes)
    return app


async def _keep_house(*chores: Callable[[], Awaitable[object]]) -> None:
    while True:
        for chore in chores:
            try:
                await chore()
            except MlpError as error:
                log.warning("the registry was not tidied: %s", error.message)
        await asyncio.sleep(_HOUSEKEEPING_SECONDS)
