"""The ASGI application: finds the route, answers, turns failures into error documents, counts.

Written against ASGI itself: a web framework would cost more than running a small model does.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from time import perf_counter
from typing import Any, NamedTuple

from msgspec import structs

from mlp.errors import Invalid, MlpError, NotFound
from mlp.inference.exchange import ClientGone, Headers, Receive, Reply
from mlp.inference.handlers import error_reply, internal_error
from mlp.inference.lifecycle import Lifecycle
from mlp.inference.log import LOG
from mlp.inference.metrics import Metrics, RouteMetrics
from mlp.inference.pages import Pages
from mlp.inference.predict import PredictRoute

Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Handler = Callable[[Headers, Receive], Awaitable[Reply]]

_SANE_ID = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
_SKIPPED_BODY = 65_536
"""Bytes of a refused body that are rather skipped than the connection given up."""


class _Route(NamedTuple):
    handlers: Mapping[str, Handler]
    metrics: RouteMetrics


class App:
    """All routes of one model server."""

    def __init__(self, predict: PredictRoute, pages: Pages, metrics: Metrics, lifecycle: Lifecycle) -> None:
        self._metrics = metrics
        self._lifecycle = lifecycle
        self._routes = {
            path: _Route(handlers, metrics.route(path)) for path, handlers in _handlers(predict, pages).items()
        }
        self._elsewhere = _Route({}, metrics.route("other"))
        self._ids = count(1)
        self._id_prefix = os.urandom(6).hex().encode()
        self._logs_requests = LOG.isEnabledFor(logging.DEBUG)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        begin = perf_counter()
        self._metrics.in_flight += 1
        try:
            headers = dict(scope["headers"])
            request_id = self._request_id(headers)
            route = self._routes.get(scope["path"], self._elsewhere)
            handler = route.handlers.get(scope["method"])
            try:
                reply = await handler(headers, receive) if handler else self._misdirected(route, request_id)
            except MlpError as error:
                reply = error_reply(error, request_id)
            except ClientGone:
                return
            except Exception:  # noqa: BLE001  a bug of ours must not end in an answer that is not JSON
                LOG.exception("internal_error", {"request_id": request_id.decode()})
                reply = internal_error(request_id)
            await send(self._start(reply, request_id, headers))
            await send({"type": "http.response.body", "body": reply.body})
            seconds = perf_counter() - begin
            route.metrics.statuses[reply.status] += 1
            route.metrics.seconds.observe(seconds)
            if self._logs_requests:
                LOG.debug("request", _line(scope, reply, request_id, seconds))
        finally:
            self._metrics.in_flight -= 1

    def _request_id(self, headers: Headers) -> bytes:
        given = headers.get(b"x-request-id")
        if given is not None and _SANE_ID.fullmatch(given):
            return given
        return b"%b-%x" % (self._id_prefix, next(self._ids))

    def _start(self, reply: Reply, request_id: bytes, asked: Headers) -> Mapping[str, Any]:
        headers = [
            (b"content-type", reply.media_type),
            (b"content-length", b"%d" % len(reply.body)),
            (b"x-request-id", request_id),
        ]
        if reply.allow is not None:
            headers.append((b"allow", reply.allow))
        if self._lifecycle.is_draining or (reply.status != 200 and _may_have_more(asked)):
            headers.append((b"connection", b"close"))
        return {"type": "http.response.start", "status": reply.status, "headers": headers}

    def _misdirected(self, route: _Route, request_id: bytes) -> Reply:
        if not route.handlers:
            known = ", ".join(self._routes)
            return error_reply(NotFound(f"no such path; this server answers {known}", code="no_such_path"), request_id)
        allowed = ", ".join(route.handlers)
        error = Invalid(f"this path takes {allowed}", code="method_not_allowed")
        return structs.replace(error_reply(error, request_id), allow=allowed.encode())


def _may_have_more(headers: Headers) -> bool:
    """Whether more of the refused body may be left on the connection than is worth skipping."""
    return b"transfer-encoding" in headers or int(headers.get(b"content-length", 0)) > _SKIPPED_BODY


def _handlers(predict: PredictRoute, pages: Pages) -> Mapping[str, Mapping[str, Handler]]:
    read = {
        "/health": pages.health,
        "/ready": pages.ready,
        "/metrics": pages.metrics,
        "/metadata": pages.metadata,
        "/openapi.json": pages.openapi,
    }
    return {"/predict": {"POST": predict}, **{path: {"GET": page, "HEAD": page} for path, page in read.items()}}


def _line(scope: Mapping[str, Any], reply: Reply, request_id: bytes, seconds: float) -> Mapping[str, Any]:
    return {
        "request_id": request_id.decode(),
        "method": scope["method"],
        "path": scope["path"],
        "status": reply.status,
        "ms": round(seconds * 1000, 3),
    }
