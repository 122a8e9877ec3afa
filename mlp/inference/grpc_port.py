"""The way to the gRPC port, for a server that may do without gRPC: nothing is imported before it is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

from mlp.errors import Precondition
from mlp.inference.entry import Entry
from mlp.inference.lifecycle import Lifecycle
from mlp.inference.loading import LoadedModel
from mlp.inference.metrics import Metrics
from mlp.inference.oip.calls import ModelCalls
from mlp.inference.settings import Settings


class GrpcPort(Protocol):
    """A port that lives on the event loop of the HTTP port, and ends with it."""

    async def listen(self) -> int:
        """Begin to serve; return the port."""

    def drain(self, seconds: float) -> None:
        """Accept nobody and tell callers to go elsewhere; what has begun gets `seconds`."""

    async def finish(self) -> None:
        """Wait until what has begun is answered, or cut off."""


def require_grpc() -> None:
    """Raise Precondition (`grpc_missing`) where the extra is not installed; it is imported here otherwise."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it would write plain text to stderr, between the JSON lines
    try:
        import mlp.inference.rpc.server  # noqa: F401
    except ImportError as error:
        raise Precondition(
            f"MLP_GRPC_PORT is set and {error.name} is not installed: pip install 'mlp[grpc]'", code="grpc_missing"
        ) from error


def grpc_port(
    settings: Settings,
    model: LoadedModel,
    calls: ModelCalls,
    metrics: Metrics,
    lifecycle: Lifecycle,
    entry: Entry,
) -> Callable[[], GrpcPort] | None:
    """Return what makes the port once the event loop runs, or None where no port is asked for."""
    port = settings.grpc_port
    if port is None:
        return None
    from mlp.inference.rpc.messages import schema
    from mlp.inference.rpc.server import Address, RpcServer
    from mlp.inference.rpc.service import ModelService
    from mlp.inference.rpc.shell import Shell

    protocol, limits = schema(), settings.limits
    answers = ModelService(model, calls, lifecycle, protocol).answers()
    shell = Shell(metrics, entry)
    return lambda: RpcServer(protocol, answers, shell, limits, Address(settings.host, port))
