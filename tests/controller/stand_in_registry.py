"""A registry of the tests' own: it knows the versions that a test gives it, and can be switched off."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import threading
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mlp.api.model import ModelVersion
from mlp.api.receipt import Receipt, SampleKind
from mlp.api.signature import DType, Feature, Layout, Outputs, Signature, Task

PATH = re.compile(r"/models/([^/]+)/versions/(\d+)(?:/uses/([^/]+))?")
TEMPLATE = ModelVersion(
    name="iris",
    version=1,
    digest="0" * 64,
    sha256="0" * 64,
    size=1,
    signature=Signature(
        inputs=(Feature(name="length", dtype=DType.FLOAT32, tensor="X"),),
        layout=Layout.MATRIX,
        outputs=Outputs(task=Task.REGRESSION, prediction="Y"),
    ),
    receipt=Receipt(sample=SampleKind.NONE, rows=0),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


class _Server(ThreadingHTTPServer):
    """Keeps connections open, as a real registry does, and breaks them when it ends."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        self.shutdown()
        self.server_close()
        for request in tuple(self._open):
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)


class Registry:
    """Versions 1 to 3 of `iris`; more with `add`."""

    def __init__(self) -> None:
        self.versions = {("iris", number) for number in (1, 2, 3)}
        self.salt = ""
        self.uses: Counter[tuple[str, int, str]] = Counter()
        self.ended: set[tuple[str, int, str]] = set()
        self.lookups = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                outer.lookups += 1
                self._answer()

            def do_PUT(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._answer()

            def do_DELETE(self) -> None:
                match = PATH.fullmatch(self.path)
                assert match is not None, self.path
                outer.ended.add((match[1], int(match[2]), match[3]))
                self.send_response(204)
                self.end_headers()

            def _answer(self) -> None:
                match = PATH.fullmatch(self.path)
                assert match is not None, self.path
                name, number, holder = match[1], int(match[2]), match[3]
                if (name, number) not in outer.versions:
                    known = any(model == name for model, _ in outer.versions)
                    code = "version_not_found" if known else "model_not_found"
                    error = {"code": code, "message": f"there is no {name}:{number}"}
                    return self._send(404, {"error": error})
                if holder is not None:
                    outer.uses[(name, number, holder)] += 1
                    moment = TEMPLATE.created_at.isoformat()
                    return self._send(200, {"holder": holder, "since": moment, "expires_at": moment})
                return self._send(200, outer.document(name, number))

            def _send(self, status: int, document: dict) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._handler = Handler
        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._serve()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def digest(self, name: str, number: int) -> str:
        return hashlib.sha256(f"{name}:{number}{self.salt}".encode()).hexdigest()

    def document(self, name: str, number: int) -> dict:
        return TEMPLATE.model_copy(
            update={"name": name, "version": number, "digest": self.digest(name, number)}
        ).model_dump(mode="json")

    def stop(self) -> None:
        self._server.hang_up()

    def resume(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), self._handler)
        self._serve()

    def _serve(self) -> None:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
