"""What holds for every request: a name, a known host, an answer in any case, a line in the log, a count."""

from __future__ import annotations

import logging
import re
import time
import uuid
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlp.errors import Denied, Failed, Invalid, MlpError
from mlp.registry.access.guard import OPEN_PATHS
from mlp.registry.handlers import error_response
from mlp.registry.metrics import Metrics

log = logging.getLogger("mlp.registry.requests")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_GONE = 499  # in logs and metrics only: the client left before there was an answer


@dataclass
class Drain:
    """Whether this process is ending: then every answer asks the client to come back on a new connection."""

    active: bool = False


@dataclass
class _Exchange:
    """One request and how far its answer has come."""

    id: str
    began: float = field(default_factory=time.perf_counter)
    status: int | None = None
    body_unread: bool = False


class Envelope:
    """The outermost layer. Whatever the application does, the client gets JSON and no word of our insides.

    `hosts` are the names under which the registry may be asked; None lets any pass.
    """

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str] | None, metrics: Metrics, drain: Drain) -> None:
        self._app = app
        self._hosts = hosts
        self._metrics = metrics
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        exchange = _Exchange(_request_id(headers), body_unread=_has_body(headers))
        scope["mlp.request_id"] = exchange.id

        async def receive_counted() -> Message:
            message = await receive()
            if not message.get("more_body", False):
                exchange.body_unread = False
            return message

        async def send_enveloped(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                self._complete(MutableHeaders(scope=message), exchange)
            await send(message)

        try:
            if self._hosts is not None and _host(headers) not in self._hosts:
                raise Invalid("this host name is not served here", code="misdirected")
            await self._app(scope, receive_counted, send_enveloped)
        except ClientDisconnect:
            exchange.status = _GONE
        except Exception as error:  # noqa: BLE001  the edge: a client never sees what is behind it
            await self._apologise(error, exchange, scope, receive, send_enveloped)
        finally:
            self._note(scope, exchange)

    def _complete(self, headers: MutableHeaders, exchange: _Exchange) -> None:
        headers["X-Request-Id"] = exchange.id
        headers["X-Content-Type-Options"] = "nosniff"
        if self._drain.active or exchange.body_unread:
            # A body that nobody wants is not read to its end: the connection goes instead.
            headers["Connection"] = "close"

    async def _apologise(
        self, error: Exception, exchange: _Exchange, scope: Scope, receive: Receive, send: Send
    ) -> None:
        known = error if isinstance(error, MlpError) else Failed("the registry failed", code="internal")
        if known is not error:
            log.exception("request failed", extra={"fields": {"request_id": exchange.id}})
        scope["mlp.error"] = known
        if exchange.status is not None:
            raise error  # the answer has begun: only breaking the connection tells the client that it is not whole
        await error_response(known, exchange.id)(scope, receive, send)

    def _note(self, scope: Scope, exchange: _Exchange) -> None:
        seconds = time.perf_counter() - exchange.began
        route = getattr(scope.get("route"), "path", "unknown")
        status = exchange.status or _GONE
        self._metrics.requests.labels(scope["method"] if route != "unknown" else "any", route, status).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        fields: dict[str, object] = {
            "request_id": exchange.id,
            "method": scope["method"],
            "path": scope["path"][:200],
            "status": status,
            "seconds": round(seconds, 4),
        }
        if caller := scope.get("mlp.caller"):
            fields["caller"] = caller.name
        if error := scope.get("mlp.error"):
            fields["code"] = error.code
            if isinstance(error, Denied):
                self._metrics.denied.labels(error.code).inc()
        log.log(logging.DEBUG if scope["path"] in OPEN_PATHS else logging.INFO, "request", extra={"fields": fields})


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _host(headers: Headers) -> str:
    """Return the host that the client named, without its port."""
    host = headers.get("host", "").lower()
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
