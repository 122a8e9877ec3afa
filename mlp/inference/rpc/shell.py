"""Around every call: admission, the caller's key and deadline, failures as statuses, counting.

It is for gRPC what `mlp.inference.app` is for HTTP.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from time import perf_counter
from typing import Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from grpc import StatusCode

from mlp.errors import DeadlineExceeded, Invalid, MlpError, Unavailable
from mlp.inference import request_id
from mlp.inference.app import Guard
from mlp.inference.handlers import INTERNAL
from mlp.inference.log import LOG
from mlp.inference.metrics import Metrics
from mlp.inference.rpc.schema import Method
from mlp.inference.rpc.service import Answer
from mlp.inference.rpc.statuses import status_of

Handler = Callable[[bytes, Any], Awaitable[bytes]]
"""Answers the bytes of a request, given the call's context."""
UNGUARDED = ("ServerLive", "ServerReady", "ModelReady")
"""What probes ask, who have no key."""


@dataclass(frozen=True)
class Admission:
    """Who may call, and how much at once."""

    in_flight: int
    """Calls and HTTP requests that are answered at once, together."""
    guard: Guard | None
    """Asks for a key, where this server wants one."""


class Shell:
    """Makes handlers of answers."""

    def __init__(self, metrics: Metrics, admission: Admission) -> None:
        self._metrics = metrics
        self._traffic = metrics.traffic
        self._admission = admission
        self._id_of = request_id.RequestIds().of

    def handler(self, name: str, method: Method, answer: Answer) -> Handler:
        """Return what answers calls of the method `name`."""
        counted = self._metrics.rpc(name)

        async def handle(body: bytes, context: Any) -> bytes:
            begin = perf_counter()
            metadata = {key: _bytes(value) for key, value in context.invocation_metadata()}
            name_of_call = self._id_of(metadata.get(request_id.HEADER)).decode()
            status = StatusCode.CANCELLED  # unless something else happens
            failure: MlpError = INTERNAL
            response = b""
            try:
                self._admit(name, metadata, context)
                response = await self._answer(body, method, answer)
                status = StatusCode.OK
            except MlpError as error:
                status, failure = status_of(error), error
            except Exception as error:  # noqa: BLE001  a bug of ours has an answer too
                LOG.error("internal_error", {"request_id": name_of_call}, exc_info=error)
                status = StatusCode.INTERNAL
            finally:
                counted.statuses[status.name] += 1
                counted.seconds.observe(perf_counter() - begin)
            trailers = ((request_id.HEADER, name_of_call),)
            if status is not StatusCode.OK:
                await context.abort(status, failure.message, (*trailers, ("x-mlp-error-code", failure.code)))
            context.set_trailing_metadata(trailers)
            return response

        return handle

    def _admit(self, name: str, metadata: Mapping[str, bytes], context: Any) -> None:
        """Raise what keeps a call from being answered, whatever it asks."""
        guard = self._admission.guard
        if guard is not None and name not in UNGUARDED:
            guard({key.encode(): value for key, value in metadata.items()})
        if self._traffic.in_flight >= self._admission.in_flight:
            raise Unavailable("too many requests are being answered", code="overloaded")
        left = context.time_remaining()
        if left is not None and left <= 0:
            raise DeadlineExceeded("nobody waits for this answer any more", code="deadline_exceeded")

    async def _answer(self, body: bytes, method: Method, answer: Answer) -> bytes:
        self._traffic.in_flight += 1
        try:
            response = answer(_parsed(method, body))
            message = await response if isawaitable(response) else response
            written: bytes = message.SerializeToString()
            return written
        finally:
            self._traffic.in_flight -= 1


def _parsed(method: Method, body: bytes) -> Any:
    try:
        return method.request.FromString(body)
    except DecodeError:
        raise Invalid("the request is not a message of this method", code="invalid_message") from None


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
