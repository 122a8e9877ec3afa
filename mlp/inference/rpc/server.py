"""The gRPC port: its limits, its life, and how it ends without losing a call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import grpc
from grpc import aio

from mlp.errors import Precondition
from mlp.inference.http1 import Limits
from mlp.inference.rpc.schema import Schema
from mlp.inference.rpc.service import Answer
from mlp.inference.rpc.shell import Shell

_ENVELOPE_BYTES = 65_536
"""What names, shapes and parameters may take beside the tensors."""
_AGE_MS = 300_000
"""After so long a client is told to connect anew: it meets replicas that it did not know, and a message that never ends
goes with its connection."""


@dataclass(frozen=True)
class Address:
    """Where to listen; port 0 takes any."""

    host: str
    port: int


class RpcServer:
    """Serves one service on the running event loop."""

    def __init__(
        self, schema: Schema, answers: Mapping[str, Answer], shell: Shell, limits: Limits, address: Address
    ) -> None:
        self._address = address
        self._server = aio.server(options=_options(limits), maximum_concurrent_rpcs=limits.connections)
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(shell.handler(name, method, answers[name]))
            for name, method in schema.methods.items()
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(schema.service, handlers),))
        self._ending: asyncio.Task[None] | None = None

    async def listen(self) -> int:
        """Begin to serve; return the port. Raises Precondition (`port_taken`)."""
        address = self._address
        host = f"[{address.host}]" if ":" in address.host else address.host
        try:
            port: int = self._server.add_insecure_port(f"{host}:{address.port}")
        except RuntimeError:
            raise Precondition(f"{host}:{address.port} cannot be had for gRPC", code="port_taken") from None
        await self._server.start()
        return port

    def drain(self, seconds: float) -> None:
        """Accept nobody and tell callers to go elsewhere; what has begun gets `seconds`."""
        self._ending = asyncio.ensure_future(self._server.stop(seconds))

    async def finish(self) -> None:
        """Wait until what has begun is answered, or cut off."""
        if self._ending is not None:
            await self._ending


def _options(limits: Limits) -> list[tuple[str, int]]:
    """Return gRPC's words for the limits of the HTTP port."""
    return [
        ("grpc.max_receive_message_length", limits.body_bytes + _ENVELOPE_BYTES),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_metadata_size", limits.head_bytes),
        ("grpc.absolute_max_metadata_size", 2 * limits.head_bytes),
        ("grpc.max_concurrent_streams", limits.in_flight),
        ("grpc.server_handshake_timeout_ms", round(limits.head_seconds * 1_000)),
        ("grpc.max_connection_idle_ms", round(limits.idle_seconds * 1_000)),
        ("grpc.max_connection_age_ms", _AGE_MS),
        ("grpc.max_connection_age_grace_ms", round(limits.body_seconds * 1_000)),
        ("grpc.keepalive_time_ms", round(limits.idle_seconds * 1_000)),
        ("grpc.keepalive_timeout_ms", round(limits.head_seconds * 1_000)),
        ("grpc.compression_enabled_algorithms_bitset", 1),  # none: a small message could unpack to a huge one
        ("grpc.so_reuseport", 0),  # a port that somebody else has is taken, not shared
    ]
