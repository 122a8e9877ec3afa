"""What routes are given: services, and parameters that are valid by their type."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Path, Query
from starlette.requests import Request

from mlp.api.model import MAX_VERSION, ModelName
from mlp.registry.metrics import Metrics
from mlp.registry.service.catalog import Catalog
from mlp.registry.service.health import Health
from mlp.registry.service.pushes import Pushes
from mlp.registry.service.removal import Removal
from mlp.registry.settings import Settings

MAX_PAGE = 1_000


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _catalog(request: Request) -> Catalog:
    catalog: Catalog = request.app.state.catalog
    return catalog


def _pushes(request: Request) -> Pushes:
    pushes: Pushes = request.app.state.pushes
    return pushes


def _removal(request: Request) -> Removal:
    removal: Removal = request.app.state.removal
    return removal


def _health(request: Request) -> Health:
    health: Health = request.app.state.health
    return health


def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


SettingsDep = Annotated[Settings, Depends(_settings)]
CatalogDep = Annotated[Catalog, Depends(_catalog)]
PushesDep = Annotated[Pushes, Depends(_pushes)]
RemovalDep = Annotated[Removal, Depends(_removal)]
HealthDep = Annotated[Health, Depends(_health)]
MetricsDep = Annotated[Metrics, Depends(_metrics)]

Name = Annotated[ModelName, Path()]
Number = Annotated[int, Path(ge=1, le=MAX_VERSION, description="a version: 1, 2, 3 …")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="the most items that the page has")]
IdempotencyKey = Annotated[
    str | None,
    Header(pattern=r"^[\x21-\x7e]{1,128}$", description="the same key and body again find the same upload"),
]
