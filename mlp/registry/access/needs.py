"""How a route says what its caller needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from mlp.api.token import Scope

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
_MARK = "mlp_needs"


def needs(scope: Scope | None) -> Callable[[Endpoint], Endpoint]:
    """Declare the scope that callers of an endpoint need; None opens it to everybody.

    It stands below the decorator of the route: `@router.get("…")`, then `@needs(Scope.READ)`.
    """

    def declare(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _MARK, scope)
        return endpoint

    return declare


def need_of(endpoint: Callable[..., Any]) -> Scope | None:
    """Return what `endpoint` declares; raise TypeError when it declares nothing, so that no such route is made."""
    if not hasattr(endpoint, _MARK):
        raise TypeError(f"{endpoint.__module__}.{endpoint.__name__} does not say which scope it @needs")
    need: Scope | None = getattr(endpoint, _MARK)
    return need
