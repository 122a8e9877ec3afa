"""Somebody who is told by webhooks: a real HTTP server that remembers what it got."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """Answers with the next of `statuses`, and with 200 when there are no more."""

    statuses: list[int] = field(default_factory=list)
    location: str | None = None
    """Where its redirects lead."""
    gate: threading.Event | None = None
    """Answers wait for it."""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def wait_for(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        """Return what it got, as soon as that is so much."""
        return eventually(lambda: self.got[:] if len(self.got) >= count else None, f"{count} deliveries")

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


def eventually(look: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"no {what} in time")


@contextmanager
def receiving(port: int = 0, **options: Any) -> Iterator[Receiver]:
    receiver = Receiver(**options)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            if receiver.gate is not None:
                receiver.gate.wait(60)
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
            if receiver.location is not None:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook?key=in-the-url"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield receiver
    finally:
        if receiver.gate is not None:
            receiver.gate.set()
        server.shutdown()
        server.server_close()
