"""An API server that misbehaves as a test says: it stalls, forgets the past, refuses, or breaks off."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request that was received."""

    method: str
    path: str
    query: dict[str, str]
    at: float
    body: Any = None

    @property
    def is_watch(self) -> bool:
        return self.query.get("watch") == "true"


def pod(name: str, version: int, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "n", "uid": f"uid-{name}", "resourceVersion": str(version)}, **more}


class Reply:
    """What a scripted answer may do with the connection."""

    def __init__(self, handler: BaseHTTPRequestHandler, ended: threading.Event) -> None:
        self._handler = handler
        self.ended = ended

    def send(self, status: int, document: Any, **headers: str) -> None:
        body = json.dumps(document).encode()
        self._handler.send_response(status)
        self._handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()
        self._handler.wfile.write(body)

    def send_text(self, text: str) -> None:
        self._handler.send_response(200)
        self._handler.send_header("Content-Length", str(len(text.encode())))
        self._handler.end_headers()
        self._handler.wfile.write(text.encode())

    def break_off(self) -> None:
        self._handler.connection.shutdown(socket.SHUT_RDWR)

    def refuse(self, status: int, reason: str, **headers: str) -> None:
        self.send(status, {"kind": "Status", "code": status, "reason": reason, "message": reason}, **headers)

    def stream(self, *events: tuple[str, Any], hold: bool = False) -> None:
        """Send watch events; then end the stream, or hold it in silence until the test is over."""
        self._handler.send_response(200)
        self._handler.send_header("Transfer-Encoding", "chunked")
        self._handler.end_headers()
        for kind, obj in events:
            line = json.dumps({"type": kind, "object": obj}).encode() + b"\n"
            self._handler.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self._handler.wfile.flush()
        if hold:
            self.ended.wait(30)
        self._handler.wfile.write(b"0\r\n\r\n")


Script = Callable[[Asked, Reply], None]


class ScriptedApi:
    """Answers every request by `script`, and remembers it."""

    def __init__(self, script: Script, folder: Path) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.ended = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self._any
                raise AttributeError(name)

            def _any(self) -> None:
                parts = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                asked = Asked(self.command, parts.path, query, time.monotonic(), body)
                outer.asked.append(asked)
                try:
                    outer.script(asked, Reply(self, outer.ended))
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(self._config()))

    @property
    def lists(self) -> list[Asked]:
        return [each for each in self.asked if not each.is_watch]

    @property
    def watches(self) -> list[Asked]:
        return [each for each in self.asked if each.is_watch]

    def stop(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def _config(self) -> dict[str, Any]:
        server = f"http://127.0.0.1:{self._server.server_address[1]}"
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "c", "user": {"token": "t"}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
        }


def listed(*objects: Any, version: int, more: str | None = None) -> dict[str, Any]:
    return {"metadata": {"resourceVersion": str(version), "continue": more}, "items": list(objects)}
