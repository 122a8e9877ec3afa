"""How a server ends: nobody loses a request."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
import socket
import threading
import time

import httpx
import pytest
import uvloop
from served_models import SETOSA, iris

from mlp.errors import MlpError
from mlp.inference.handlers import error_reply
from mlp.inference.http1 import HttpServer, Limits, Reply, Request, Traffic
from mlp.inference.promise import Promise

BODY = json.dumps({"features": [SETOSA]})
CALLERS = 8


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_on_its_own_port_answers_until_the_drain_is_over(launcher, registry, number):
    server = launcher.start(drain_seconds=1.5, **registry.publish(iris()))
    assert server.http.get("/ready").status_code == 200
    server.process.send_signal(number)
    until(lambda: httpx.get(f"{server.url}/ready").status_code == 503)
    draining = httpx.post(f"{server.url}/predict", content=BODY)
    assert (draining.status_code, draining.headers["connection"]) == (200, "close")
    assert httpx.get(f"{server.url}/ready").json()["error"]["code"] == "draining"
    assert httpx.get(f"{server.url}/health").status_code == 200
    assert server.process.wait(20) == 0


def test_a_second_signal_ends_the_drain(launcher, registry):
    server = launcher.start(drain_seconds=600, **registry.publish(iris()))
    server.process.send_signal(signal.SIGTERM)
    until(lambda: httpx.get(f"{server.url}/ready").status_code == 503)
    assert server.stop() == 0


def test_a_request_that_has_begun_is_finished(launcher, registry):
    server = launcher.start(drain_seconds=0, **registry.publish(iris()))
    connection = socket.create_connection(("127.0.0.1", server.port))
    body = BODY.encode()
    line = b"POST /predict HTTP/1.1\r\nHost: localhost\r\n"
    head = line + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
    connection.sendall(head + body[:9])
    assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    server.process.send_signal(signal.SIGTERM)
    until(lambda: any(line["event"] == "draining" for line in server.log()))
    connection.sendall(body[9:])
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    assert (answer.status, answer.getheader("connection")) == (200, "close")
    assert json.loads(answer.read())["predictions"] == ["setosa"]
    assert server.process.wait(20) == 0
    connection.close()


def test_an_inherited_socket_is_left_at_once_and_stays_with_its_owner(launcher, registry, listening):
    port = listening.getsockname()[1]
    settings = {"listen_fd": listening.fileno(), "drain_seconds": 30, **registry.publish(iris())}
    first = launcher.start((listening.fileno(),), **settings)
    assert first.port == port
    kept = httpx.Client(base_url=first.url, limits=httpx.Limits(keepalive_expiry=None))
    assert kept.get("/ready").status_code == 200
    first.process.send_signal(signal.SIGTERM)
    until(lambda: any(line["event"] == "draining" for line in first.log()))
    second = launcher.start((listening.fileno(),), **{**settings, "drain_seconds": 0})
    for _ in range(50):
        answer = httpx.get(f"{second.url}/ready")
        assert (answer.status_code, answer.headers.get("connection")) == (200, None)
    last = kept.post("/predict", content=BODY)
    assert (last.status_code, last.headers["connection"]) == (200, "close")
    kept.close()
    assert first.stop() == 0


def test_eight_callers_lose_no_request_over_four_handovers(launcher, registry, listening):
    callers = [Caller(listening.getsockname()[1]) for _ in range(CALLERS)]
    descriptor = listening.fileno()
    settings = {"listen_fd": descriptor, "drain_seconds": 1.5, **registry.publish(iris())}
    serving = launcher.start((descriptor,), **settings)
    for caller in callers:
        caller.start()
    try:
        for _ in range(4):
            following = launcher.start((descriptor,), **settings)
            assert serving.stop() == 0
            serving = following
    finally:
        for caller in callers:
            caller.stop()
    assert [caller.failures for caller in callers] == [[]] * CALLERS
    assert sum(caller.moves for caller in callers) >= 4 * CALLERS
    assert serving.stop() == 0


class Caller(threading.Thread):
    """Asks again and again on a connection that it keeps, until the server asks it to leave."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port
        self.answered = 0
        self.moves = 0
        self.failures: list[str] = []
        self.running = True

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        while self.running:
            try:
                connection.request("POST", "/predict", BODY, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
                continue
            if answer.status != 200 or b"setosa" not in content:
                self.failures.append(f"{answer.status} {content!r}")
            self.answered += 1
            self.moves += answer.getheader("connection") == "close"
            time.sleep(0.01)  # to lose none is the matter, and more would starve the servers whose start is awaited
        connection.close()

    def stop(self) -> None:
        self.running = False
        self.join(20)


def until(holds) -> None:
    """Wait until `holds` is true; fail when it is not in time."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.005)


class Endless:
    """Answers nothing for as long as one waits."""

    def __init__(self) -> None:
        self.promise: Promise[Reply] = Promise()
        self.asked = asyncio.Event()
        self.refused: list[str | None] = []

    def answer(self, request: Request, *, is_full: bool = False) -> Promise[Reply]:
        self.asked.set()
        return self.promise

    def refuse(self, error: MlpError, path: str | None) -> Reply:
        self.refused.append(path)
        return error_reply(error, b"id")


def test_who_waits_when_the_time_is_over_is_told_so():
    async def end() -> tuple[bytes, Endless, Traffic]:
        endless, traffic = Endless(), Traffic()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = HttpServer(endless, Limits(), traffic)
            await server.listen(listener)
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
            writer.write(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await asyncio.wait_for(endless.asked.wait(), 10)
            await server.finish(0.01)
            said = await asyncio.wait_for(reader.read(), 10)
            writer.close()
        return said, endless, traffic

    said, endless, traffic = uvloop.run(end())
    assert said.startswith(b"HTTP/1.1 503 ")
    assert b'"code":"draining"' in said
    assert (endless.refused, traffic.in_flight) == (["/slow"], 0)
    assert endless.promise.is_done, "nobody computes on for a caller who has left"
