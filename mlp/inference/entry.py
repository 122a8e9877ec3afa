"""What every request meets before and after its answer, by whichever protocol it comes."""

from __future__ import annotations

from dataclasses import dataclass

from mlp.inference.app import Guard
from mlp.inference.trace import Tracing


@dataclass(frozen=True)
class Entry:
    """One for all ports of a server on which models are asked."""

    in_flight: int
    """Requests and calls that are answered at once, together."""
    guard: Guard | None
    """Asks for a key, where this server wants one."""
    tracing: Tracing
