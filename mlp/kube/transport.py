"""What a way to an API server can do, whoever holds its credentials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from websocket import WebSocket

CONNECT_SECONDS = 5.0


@dataclass(frozen=True)
class Request:
    """One request to the API server."""

    method: str
    path: str
    query: Mapping[str, str] | None = None
    body: bytes | None = None
    content_type: str = "application/json"
    timeout: float = 30.0
    """Seconds until an answer, or between two pieces of a stream."""

    def headers(self) -> dict[str, str]:
        """Return the headers that tell of the request, not of who asks."""
        kind = {} if self.body is None else {"Content-Type": self.content_type}
        return {"Accept": "application/json", "User-Agent": "mlp", **kind}


class Transport(Protocol):
    """Connections to one API server; any thread may use it."""

    @property
    def server(self) -> str:
        """The API server's address."""

    def send(self, request: Request) -> bytes:
        """Return the body of a good answer.

        Raises what any other answer means (`mlp.kube.failures`), Unavailable (`cluster_unreachable`,
        `connection_lost`, `cluster_untrusted`) and DeadlineExceeded (`silent`).
        """

    def lines(self, request: Request) -> AbstractContextManager[Iterator[bytes]]:
        """Open a stream and give its lines as they come; leaving the context ends it.

        Raises as `send` does; DeadlineExceeded (`silent`) when nothing came for the request's timeout.
        """

    def websocket(self, path: str, protocol: str, *, timeout: float = 10.0) -> WebSocket:
        """Open a WebSocket; `timeout` is for the handshake alone."""

    def close(self) -> None:
        """Close the connections."""
