"""Which path is answered by whom."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.inference.app import Handler, Route
from mlp.inference.pages import Pages
from mlp.inference.predict.route import PredictRoute


def model_routes(pages: Pages, predict: PredictRoute) -> Mapping[str, Route]:
    """Return all paths of the model's port."""
    return {
        "/predict": Route({b"POST": predict}, "/predict"),
        **watch_routes(pages),
        "/metadata": _page("/metadata", pages.metadata),
        "/openapi.json": _page("/openapi.json", pages.openapi),
    }


def watch_routes(pages: Pages) -> Mapping[str, Route]:
    """Return the paths of those who watch over this server: probes and Prometheus."""
    return {
        "/health": _page("/health", pages.health, is_guarded=False),
        "/ready": _page("/ready", pages.ready, is_guarded=False),
        "/metrics": _page("/metrics", pages.metrics),
    }


def _page(path: str, page: Handler, *, is_guarded: bool = True) -> Route:
    return Route({b"GET": page, b"HEAD": page}, path, is_guarded=is_guarded)
