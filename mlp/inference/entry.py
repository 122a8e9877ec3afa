"""What every request meets before and after its answer, by whichever protocol it comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mlp.inference.app import Guard
from mlp.inference.trace import Tracing


@dataclass(frozen=True)
class Entry:
    """One for all ports of a server on which models are asked."""

    in_flight: int
    """Requests and calls that are answered at once, together."""
    check_room: Callable[[], None]
    """Raises Unavailable where the model has no place for another request: it is asked before a request is read."""
    guard: Guard | None
    """Asks for a key, where this server wants one."""
    tracing: Tracing
