"""How much, and for how long, a stranger may ask of this server."""

from __future__ import annotations

from dataclasses import dataclass

SLACK_BYTES = 65_536
"""What the framing of a chunked body may take beyond the body itself."""
LINGER_SECONDS = 2.0
"""How long what a refused caller still sends is read and forgotten, so that it finds the answer and not a reset."""


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds; what exceeds one of them is refused and its connection closed."""

    body_bytes: int = 1_048_576
    head_bytes: int = 16_384
    """Request line and headers together."""
    headers: int = 100
    chunks: int = 4_096
    """Chunks of one body."""
    buffered_bytes: int = 67_108_864
    """Of all bodies that are under way, together."""
    connections: int = 4_096
    """Open at once; beyond it the one that has idled longest makes room."""
    in_flight: int = 256
    """Requests that are answered at once; exact."""
    head_seconds: float = 10.0
    """From connecting, or from a request's first byte, to the end of its headers."""
    body_seconds: float = 30.0
    """From the end of the headers to the end of the body; also for a caller to take an answer."""
    idle_seconds: float = 75.0
    """Between requests: longer than proxies and client pools keep a connection, so that they close it, not we."""
