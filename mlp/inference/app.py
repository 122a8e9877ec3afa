"""The shell: finds the route, asks for a key, turns failures into error documents, counts.

It knows paths and statuses; sockets and framing are `http1`'s, models the data plane's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import NamedTuple

from mlp.errors import Invalid, MlpError, NotFound, Unavailable
from mlp.inference.handlers import INTERNAL, ErrorForm, error_reply
from mlp.inference.http1 import Headers, Reply, Request
from mlp.inference.log import LOG
from mlp.inference.metrics import RouteMetrics
from mlp.inference.promise import Promise
from mlp.inference.request_id import ID_HEADER, RequestIds
from mlp.inference.trace import HEADER as TRACE_HEADER
from mlp.inference.trace import PassOn, Served, Tracing, fields_of

Handler = Callable[[Request], Reply | Promise[Reply]]
Guard = Callable[[Headers], None]
"""Raises Denied for a caller that may not ask this."""


class Route(NamedTuple):
    """What one path answers."""

    handlers: Mapping[bytes, Handler]
    """Method -> who answers it."""
    name: str
    """Under which it is counted; several paths may share one."""
    error_form: ErrorForm = error_reply
    is_guarded: bool = True
    """Whether a caller needs a key, where this server asks for one."""


class _Counted(NamedTuple):
    route: Route
    metrics: RouteMetrics


class App:
    """All routes of one listener."""

    def __init__(
        self,
        routes: Mapping[str, Route],
        elsewhere: Callable[[str], Route],
        metrics_of: Callable[[str], RouteMetrics],
        guard: Guard | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        """Answer `routes`, and give what is asked elsewhere its error.

        `elsewhere` gives the route, without handlers, of a path that is none of `routes`, `metrics_of` the counters of
        a route's name; `tracing` is told of requests.
        """
        self._routes = {path: _Counted(route, metrics_of(route.name)) for path, route in routes.items()}
        self._elsewhere = elsewhere
        self._metrics_of = metrics_of
        self._guard = guard
        self._id_of = RequestIds().of
        self._tracing = tracing or PassOn()
        self._logs_requests = LOG.isEnabledFor(logging.DEBUG)

    def answer(self, request: Request, *, is_full: bool = False) -> Reply | Promise[Reply]:
        """Answer one request; a failure of any kind becomes an error document.

        When the server `is_full` only probes get through, which are answered at once.
        """
        begin = perf_counter()
        request_id = self._id_of(request.headers.get(ID_HEADER))
        counted = self._routes.get(request.path) or self._other(request.path)
        try:
            reply = self._handle(counted.route, request, is_full)
        except Exception as error:  # noqa: BLE001  every failure has an answer
            reply = _failure(error, counted.route, request_id)
        if isinstance(reply, Reply):
            return self._finish(reply, request, counted, request_id, begin)
        return reply.map(
            lambda made: self._finish(made, request, counted, request_id, begin),
            lambda error: self._finish(_failure(error, counted.route, request_id), request, counted, request_id, begin),
        )

    def refuse(self, error: MlpError, path: str | None) -> Reply:
        """Answer what never became a request that could be handled."""
        route, metrics = self._routes.get(path or "") or self._other(path or "")
        request_id = self._id_of(None)
        reply = route.error_form(error, request_id)
        reply.headers = (*reply.headers, (ID_HEADER, request_id))
        metrics.statuses[reply.status] += 1
        return reply

    def _other(self, path: str) -> _Counted:
        route = self._elsewhere(path)
        return _Counted(route, self._metrics_of(route.name))

    def _handle(self, route: Route, request: Request, is_full: bool) -> Reply | Promise[Reply]:
        if is_full and route.is_guarded:
            raise Unavailable("too many requests are being answered", code="overloaded")
        if self._guard is not None and route.is_guarded:
            self._guard(request.headers)
        handler = route.handlers.get(request.method)
        if handler is not None:
            return handler(request)
        if not route.handlers:
            raise NotFound(f"no such path; this server answers {', '.join(self._routes)}", code="no_such_path")
        allowed = b", ".join(route.handlers).decode()
        raise Invalid(f"this path takes {allowed}", code="method_not_allowed", details={"allow": allowed})

    def _finish(self, reply: Reply, request: Request, counted: _Counted, request_id: bytes, begin: float) -> Reply:
        reply.headers = (*reply.headers, (ID_HEADER, request_id))
        seconds = perf_counter() - begin
        counted.metrics.statuses[reply.status] += 1
        counted.metrics.seconds.observe(seconds)
        span, parent = None, request.headers.get(TRACE_HEADER)
        if parent is not None or (self._tracing.starts_traces and request.method == b"POST"):
            path = f"{request.method.decode()} {counted.route.name}"
            served = Served(path, seconds, str(reply.status), reply.status >= 500, request_id.decode())
            span = self._tracing.record(parent, served)
            if span is not None:
                reply.headers = (*reply.headers, (TRACE_HEADER, span.header()))
        if self._logs_requests:
            LOG.debug("request", {**_line(request, reply, request_id, seconds), **fields_of(span)})
        return reply


def _failure(error: Exception, route: Route, request_id: bytes) -> Reply:
    if not isinstance(error, MlpError):  # a bug of ours must not end in an answer that is not JSON
        LOG.error("internal_error", {"request_id": request_id.decode()}, exc_info=error)
        error = INTERNAL
    return route.error_form(error, request_id)


def _line(request: Request, reply: Reply, request_id: bytes, seconds: float) -> Mapping[str, object]:
    return {
        "request_id": request_id.decode(),
        "method": request.method.decode(),
        "path": request.path,
        "status": reply.status,
        "ms": round(seconds * 1000, 3),
    }
