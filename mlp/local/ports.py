"""Which port a deployment gets, and the sockets that listen there."""

from __future__ import annotations

import errno
import socket
from collections.abc import Container, Iterator
from dataclasses import dataclass

from mlp.api.upkeep import MarkDocument
from mlp.errors import Conflict
from mlp.local.settings import Settings

HOST = "127.0.0.1"
_REGISTRY_PORT, _MODEL_PORT = 8000, 8001
_BACKLOG = 1024  # callers that wait while a process is started again
_LAST_PORT = 65_535


@dataclass(frozen=True)
class Ports:
    """Where the registry listens, and the first port that is tried for deployments."""

    registry: int
    first_model: int

    @classmethod
    def chosen(cls, settings: Settings, before: MarkDocument | None) -> Ports:
        """Return what the settings say, else the ports of the agent before, else 8000 and 8001."""
        earlier = (before.get("registry_port"), before.get("model_port")) if before is not None else (None, None)
        return cls(
            registry=settings.registry_port or earlier[0] or _REGISTRY_PORT,
            first_model=settings.model_port or earlier[1] or _MODEL_PORT,
        )


def free_ports(first: int, owned: Container[int]) -> Iterator[int]:
    """Yield, from `first` up, the ports that no deployment owns."""
    return (port for port in range(first, _LAST_PORT + 1) if port not in owned)


def listen(port: int) -> socket.socket:
    """Return a socket that listens on `port` of this machine alone.

    Raises Conflict (`port_taken`) where another program has the port, OSError where the system refuses otherwise.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise Conflict(f"port {port} is taken by another program", code="port_taken") from error
        raise
    return listener
