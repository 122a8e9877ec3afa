"""Opening a WebSocket at an API server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from websocket import WebSocket, WebSocketBadStatusException, WebSocketException

from mlp.errors import Unavailable
from mlp.kube.failures import failure_of


def open_web_socket(
    server: str, path: str, protocol: str, *, headers: Mapping[str, str], tls: Mapping[str, Any], timeout: float
) -> WebSocket:
    """Open one; `headers` say who asks, `tls` are websocket-client's options, `timeout` is for the handshake alone."""
    stream = WebSocket(sslopt=dict(tls), enable_multithread=True)
    stream.settimeout(timeout)
    try:
        stream.connect(  # type: ignore[no-untyped-call]
            "ws" + server.removeprefix("http") + path, header=dict(headers), subprotocols=[protocol]
        )
    except WebSocketBadStatusException as error:
        raise failure_of(error.status_code, error.resp_body or b"") from error
    except (WebSocketException, OSError) as error:
        raise Unavailable(f"the API server at {server} opens no stream", code="connection_lost") from error
    stream.settimeout(None)
    return stream
