"""The sockets that the server accepts on: inherited, or bound here."""

from __future__ import annotations

import ipaddress
import socket

from mlp.errors import Precondition
from mlp.inference.http1.server import BACKLOG
from mlp.inference.settings import Settings

_ANYBODY = "this port asks nobody for a key; bind 127.0.0.1, put keys into MLP_API_KEYS_FILE"
_PROBES = "nobody is ever asked for a key on the health port; bind 127.0.0.1, leave MLP_HEALTH_PORT out"


def open_listener(settings: Settings, *, asks_for_keys: bool = False) -> socket.socket:
    """Return the inherited socket, or one that is bound and does not listen yet.

    Binding early finds a taken port before a model has been fetched. Raises Precondition: `port_taken`,
    `listener_unusable`, or `open_bind` when other machines could call without a key and nobody has allowed that.
    """
    if settings.listen_fd is not None:
        listener = _inherited(settings.listen_fd)
    else:
        listener = _bound(settings.host, settings.port)
    return listener if asks_for_keys else _guarded(listener, settings)


def open_health_listener(settings: Settings) -> socket.socket | None:
    """Return a socket for probes that is bound and does not listen yet, or None where none is wanted.

    Raises Precondition as `open_listener` does; nobody is ever asked for a key there.
    """
    if settings.health_port is None:
        return None
    return _guarded(_bound(settings.host, settings.health_port), settings, _PROBES)


def listen(listener: socket.socket) -> None:
    """Begin to queue connections; an inherited socket does already."""
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        host, port = listener.getsockname()[:2]
        raise _taken(host, port, error) from error


def try_grpc_port(settings: Settings, *, asks_for_keys: bool = False) -> None:
    """Raise Precondition as `open_listener` does where gRPC, which binds for itself, could not have its port."""
    if settings.grpc_port is not None:
        listener = _bound(settings.host, settings.grpc_port)
        (listener if asks_for_keys else _guarded(listener, settings)).close()


def _guarded(listener: socket.socket, settings: Settings, why: str = _ANYBODY) -> socket.socket:
    if not settings.allow_open and not _is_loopback(listener):
        listener.close()
        raise Precondition(
            f"{settings.host} is open to other machines and {why}, or set MLP_ALLOW_OPEN=1 where the network guards it",
            code="open_bind",
        )
    return listener


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Precondition(f"{host} is not an address of this machine", code="listener_unusable") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _taken(host, port, error) from error
    return listener


def _taken(host: str, port: int, error: OSError) -> Precondition:
    return Precondition(f"{host}:{port} cannot be had: {error.strerror}", code="port_taken")


def _inherited(descriptor: int) -> socket.socket:
    try:
        listener = socket.socket(fileno=descriptor)
        is_listening = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise Precondition("MLP_LISTEN_FD is not an open socket", code="listener_unusable") from error
    if not is_listening or listener.family not in (socket.AF_INET, socket.AF_INET6):
        raise Precondition("MLP_LISTEN_FD is not a listening TCP socket", code="listener_unusable")
    return listener


def _is_loopback(listener: socket.socket) -> bool:
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback
