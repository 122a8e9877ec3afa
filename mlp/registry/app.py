"""The application: parts put together, nothing decided."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import Lifespan

import mlp
from mlp.errors import MlpError
from mlp.registry.check.judge import Judge
from mlp.registry.database import Database
from mlp.registry.deps import Services
from mlp.registry.folder import DataFolder
from mlp.registry.handlers import add_handlers
from mlp.registry.metrics import Metrics
from mlp.registry.middleware import Drain, Envelope
from mlp.registry.routes import health, models, uploads, versions
from mlp.registry.service.catalog import Catalog
from mlp.registry.service.collection import Collection
from mlp.registry.service.health import Health
from mlp.registry.service.pushes import Pushes, Shelf
from mlp.registry.service.removal import Removal
from mlp.registry.settings import Settings
from mlp.registry.store.base import ArtifactStore
from mlp.registry.store.files import FileStore
from mlp.registry.store.staging import Staging

log = logging.getLogger(__name__)

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOUSEKEEPING_SECONDS = 3_600.0


def create_app(settings: Settings, store: ArtifactStore | None = None) -> FastAPI:
    """Return the registry on the data that `settings` name; its folder exists and its schema is at HEAD.

    `store` takes the place of the files in that folder.
    """
    folder = DataFolder(settings.data)
    store = store or FileStore(folder.blobs)
    shelf = Shelf(Staging(folder.incoming), store)
    database = Database(settings.database)
    metrics, drain = Metrics(), Drain()
    judge = Judge(settings.limits, metrics.verdicts)
    pushes = Pushes(database, shelf, judge, settings.max_model_bytes)
    collection = Collection(database, store)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        shelf.staging.clear()
        housekeeping = asyncio.create_task(_keep_house(pushes, collection))
        try:
            yield
        finally:
            housekeeping.cancel()
            await judge.close()
            await database.close()

    app = _plain_app(lifespan, Middleware(Envelope, hosts=_LOOPBACK | {settings.host}, metrics=metrics, drain=drain))
    app.state.drain = drain
    app.state.services = Services(
        settings=settings,
        catalog=Catalog(database),
        pushes=pushes,
        removal=Removal(database),
        health=Health(database, store),
        store=store,
        metrics=metrics,
    )
    return app


def _plain_app(lifespan: Lifespan[FastAPI], envelope: Middleware) -> FastAPI:
    app = FastAPI(
        title="mlp registry",
        version=mlp.__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        middleware=[envelope],
    )
    add_handlers(app)
    for module in (health, models, uploads, versions):
        # One flat list of routes: a test can walk it, and an answer 405 can name every method of a path.
        app.router.routes.extend(module.router.routes)
    return app


async def _keep_house(pushes: Pushes, collection: Collection) -> None:
    while True:
        try:
            await pushes.expire()
            await collection.tidy()
        except MlpError as error:
            log.warning("the registry was not tidied: %s", error.message)
        await asyncio.sleep(_HOUSEKEEPING_SECONDS)
