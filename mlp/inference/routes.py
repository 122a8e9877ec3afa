"""Which path is answered by whom."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NoReturn

from mlp.inference.app import Handler, Route
from mlp.inference.handlers import ErrorForm, error_reply, sentence_reply
from mlp.inference.http1 import Request
from mlp.inference.loading import LoadedModel
from mlp.inference.oip.metadata import not_served
from mlp.inference.oip.routes import OpenInference
from mlp.inference.pages import Pages

_OF_A_MODEL = re.compile(r"/v2/models/[^/]+(/versions/[^/]+)?(/ready|/infer)?|/v1/models/[^/:]+(:predict)?")
_METHODS = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS")


def model_routes(
    pages: Pages, predict: Handler, instances: Handler, open_inference: OpenInference
) -> Mapping[str, Route]:
    """Return all paths of the model's port."""
    return {
        "/predict": Route({b"POST": predict}, "/predict"),
        **_first_protocol(pages, instances),
        **open_inference.routes(),
        **watch_routes(pages),
        "/metadata": _page("/metadata", pages.metadata),
        "/openapi.json": _page("/openapi.json", pages.openapi),
    }


def beside(model: LoadedModel) -> Callable[[str], Route]:
    """Return who answers the paths that are not there on the port of this model; other models have their own answer."""

    def refuse(_: Request) -> NoReturn:
        raise not_served(model)

    other = Route(dict.fromkeys(_METHODS, refuse), "other", sentence_reply)
    return lambda path: other if _OF_A_MODEL.fullmatch(path) else elsewhere(path)


def elsewhere(path: str) -> Route:
    """Return the route of a path that is not there; it tells of that as its neighbours tell of errors."""
    return Route({}, "other", sentence_reply if path.startswith(("/v1/models", "/v2")) else error_reply)


def _first_protocol(pages: Pages, instances: Handler) -> Mapping[str, Route]:
    name = pages.model_name
    return {
        "/v1/models": _page("/v1/models", pages.first_models, error_form=sentence_reply),
        f"/v1/models/{name}": _page(
            "/v1/models/{name}", pages.first_model, is_guarded=False, error_form=sentence_reply
        ),
        f"/v1/models/{name}:predict": Route({b"POST": instances}, "/v1/models/{name}:predict", sentence_reply),
    }


def watch_routes(pages: Pages) -> Mapping[str, Route]:
    """Return the paths of those who watch over this server: probes and Prometheus."""
    return {
        "/health": _page("/health", pages.health, is_guarded=False),
        "/ready": _page("/ready", pages.ready, is_guarded=False),
        "/metrics": _page("/metrics", pages.metrics),
    }


def _page(path: str, page: Handler, *, is_guarded: bool = True, error_form: ErrorForm = error_reply) -> Route:
    return Route({b"GET": page, b"HEAD": page}, path, error_form, is_guarded)
