"""Around every call: admission, the caller's key and deadline, failures as statuses, counting.

It is for gRPC what `mlp.inference.app` is for HTTP.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from logging import DEBUG
from math import inf
from time import monotonic, perf_counter
from typing import Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from grpc import StatusCode

from mlp.errors import DeadlineExceeded, Invalid, MlpError, Unavailable
from mlp.inference.entry import Entry
from mlp.inference.handlers import INTERNAL
from mlp.inference.http1 import Headers
from mlp.inference.log import LOG
from mlp.inference.metrics import Metrics
from mlp.inference.promise import Promise
from mlp.inference.request_id import ID_HEADER, RequestIds
from mlp.inference.rpc.schema import Method
from mlp.inference.rpc.service import Answer
from mlp.inference.rpc.statuses import status_of
from mlp.inference.trace import HEADER as TRACE_HEADER
from mlp.inference.trace import Served, fields_of

Handler = Callable[[bytes, Any], Awaitable[bytes]]
"""Answers the bytes of a request, given the call's context."""
UNGUARDED = ("ServerLive", "ServerReady", "ModelReady")
"""What probes ask, who have no key."""
INFER = "ModelInfer"
"""What the model has to answer."""


class Shell:
    """Makes handlers of answers."""

    def __init__(self, metrics: Metrics, entry: Entry) -> None:
        self._metrics = metrics
        self._traffic = metrics.traffic
        self._entry = entry
        self._tracing = entry.tracing
        self._id_of = RequestIds().of

    def handler(self, name: str, method: Method, answer: Answer) -> Handler:
        """Return what answers calls of the method `name`."""

        async def handle(body: bytes, context: Any) -> bytes:
            begin = perf_counter()
            headers = {key.encode(): _bytes(value) for key, value in context.invocation_metadata()}
            request_id = self._id_of(headers.get(ID_HEADER)).decode()
            status = StatusCode.CANCELLED  # unless something else happens
            failure: MlpError = INTERNAL
            response = b""
            try:
                deadline = self._admit(name, headers, context)
                response = await self._answer(body, method, answer, deadline)
                status = StatusCode.OK
            except MlpError as error:
                status, failure = status_of(error), error
            except Exception as error:  # noqa: BLE001  a bug of ours has an answer too
                LOG.error("internal_error", {"request_id": request_id}, exc_info=error)
                status = StatusCode.INTERNAL
            finally:
                trailers = self._finish(name, headers, request_id, status, perf_counter() - begin)
            if status is not StatusCode.OK:
                await context.abort(status, failure.message, (*trailers, ("x-mlp-error-code", failure.code)))
            context.set_trailing_metadata(trailers)
            return response

        return handle

    def _finish(
        self, name: str, headers: Headers, request_id: str, status: StatusCode, seconds: float
    ) -> tuple[tuple[str, str], ...]:
        """Count a call and tell of it; return what its answer says besides."""
        counted = self._metrics.rpc(name)
        counted.statuses[status.name] += 1
        counted.seconds.observe(seconds)
        span, parent = None, headers.get(TRACE_HEADER)
        if parent is not None or self._tracing.starts_traces:
            is_failure = status in (StatusCode.INTERNAL, StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED)
            span = self._tracing.record(parent, Served(name, seconds, status.name, is_failure, request_id))
        if LOG.isEnabledFor(DEBUG):
            line = {"request_id": request_id, "method": name, "status": status.name, "ms": round(seconds * 1_000, 3)}
            LOG.debug("call", {**line, **fields_of(span)})
        trailers = ((ID_HEADER.decode(), request_id),)
        return trailers if span is None else (*trailers, (TRACE_HEADER.decode(), span.header().decode()))

    def _admit(self, name: str, headers: Headers, context: Any) -> float:
        """Return until when the caller waits; raise what keeps a call from being answered, whatever it asks."""
        guard = self._entry.guard
        if guard is not None and name not in UNGUARDED:
            guard(headers)
        if name not in UNGUARDED and self._traffic.in_flight >= self._entry.in_flight:
            raise Unavailable("too many requests are being answered", code="overloaded")
        if name == INFER:
            self._entry.check_room()
        left = context.time_remaining()
        if left is not None and left <= 0:
            raise DeadlineExceeded("nobody waits for this answer any more", code="deadline_exceeded")
        return inf if left is None else monotonic() + left

    async def _answer(self, body: bytes, method: Method, answer: Answer, deadline: float) -> bytes:
        self._traffic.in_flight += 1
        try:
            response = answer(_parsed(method, body), deadline)
            message = await response if isinstance(response, Promise) else response
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
