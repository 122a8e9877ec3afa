"""Too much at once, too late, and many at once: what is refused, what is dropped, and who gets which rows."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from http.client import HTTPConnection, HTTPResponse

import numpy as np
import onnxruntime
import pytest
from served_models import network, wide

IN_FLIGHT, QUEUE = 8, 4
HEAVY_ROWS = 3_500
"""Rows of a request that keeps the model busy for a second or more, and whose body is read at once."""
HEAVY = network(1_400)
CONNECTIONS = 32


@pytest.fixture(scope="module")
def busy(shared_launcher, shared_registry):
    """A server that runs one batch at a time and lets few wait."""
    limits = {"max_in_flight": IN_FLIGHT, "max_queue": QUEUE, "batching": "on", "health_port": 0}
    return shared_launcher.start(**limits, **shared_registry.publish(HEAVY))


class Asked:
    """A request that is on its way."""

    def hang_up(self, *, reset: bool = False) -> None:
        """Close the connection as a client does whose patience is over, or break it, as the end of a process may."""
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def __init__(self, server, rows: int = 1, **headers: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        body = json.dumps({"features": [[1] * 8] * rows}, separators=(",", ":")).encode()
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        line = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        self.socket.sendall(f"{line}{head}\r\n".encode() + body)

    def answer(self) -> tuple[int, dict, HTTPResponse]:
        response = HTTPResponse(self.socket)
        response.begin()
        document = json.loads(response.read())
        self.socket.close()
        return response.status, document, response


def metric(server, name: str) -> float:
    connection = HTTPConnection("127.0.0.1", server.ready["health_port"], timeout=20)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    (value,) = re.findall(rf"^{name} (\S+)$", text, re.MULTILINE)
    return float(value)


def until(holds) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.005)


@pytest.fixture
def heavy(busy):
    """A request that the model works on; it is answered when the test is over."""
    asked = Asked(busy, HEAVY_ROWS)
    until(lambda: metric(busy, "mlp_http_requests_in_flight") == 1 and metric(busy, "mlp_queued_requests") == 0)
    yield asked
    assert asked.answer()[0] == 200


def test_the_queue_takes_so_many_and_refuses_the_next_at_once(busy, heavy):
    waiting = [Asked(busy) for _ in range(QUEUE)]
    until(lambda: metric(busy, "mlp_queued_requests") == QUEUE)
    for _ in range(5):
        status, document, response = Asked(busy).answer()
        assert (status, document["error"]["code"]) == (503, "overloaded")
        assert response.getheader("Retry-After") == "1"
    unread = busy.http.post("/predict", content=b"no JSON")
    assert unread.status_code == 503, "what cannot be answered is not read either"
    assert [each.answer()[0] for each in waiting] == [200] * QUEUE


def test_a_request_whose_time_is_over_before_the_model_is_free_is_dropped_without_a_run(busy, heavy):
    before = metric(busy, "mlp_rows_total")
    late, envoy = Asked(busy, X_Request_Timeout_Ms="1"), Asked(busy, X_Envoy_Expected_Rq_Timeout_Ms="1")
    patient = Asked(busy, X_Request_Timeout_Ms="60000")
    for each in (late, envoy):
        status, document, _ = each.answer()
        assert (status, document["error"]["code"]) == (504, "deadline_exceeded")
    assert metric(busy, "mlp_rows_total") == before, "they had their answer before the model was free"
    assert patient.answer()[0] == 200
    assert metric(busy, "mlp_rows_total") - before == HEAVY_ROWS + 1


@pytest.mark.parametrize("reset", [False, True])
def test_a_request_whose_caller_has_gone_is_dropped_without_a_run(busy, heavy, reset):
    before = metric(busy, "mlp_rows_total")
    gone = [Asked(busy) for _ in range(3)]
    until(lambda: metric(busy, "mlp_queued_requests") == 3)
    for each in gone:
        each.hang_up(reset=reset)
    until(lambda: metric(busy, "mlp_http_requests_in_flight") == 1 and metric(busy, "mlp_queued_requests") == 0)
    assert Asked(busy).answer()[0] == 200
    assert metric(busy, "mlp_rows_total") - before == HEAVY_ROWS + 1


@pytest.mark.parametrize("given", ["soon", "-1", "1e3", "1" * 12])
def test_a_time_that_is_none_is_refused(busy, given):
    status, document, _ = Asked(busy, X_Request_Timeout_Ms=given).answer()
    assert (status, document["error"]["code"]) == (422, "invalid_header")


def test_no_more_than_so_many_are_answered_at_once(launcher, registry):
    server = launcher.start(max_in_flight=3, max_queue=3, health_port=0, batching="off", **registry.publish(HEAVY))
    assert [line["batching"] for line in server.log() if line["event"] == "ready"] == ["off"]
    held = [Asked(server, HEAVY_ROWS) for _ in range(3)]
    until(lambda: metric(server, "mlp_http_requests_in_flight") == 3)
    refused = [Asked(server, X_Request_Id=f"order-{number}").answer() for number in range(5)]
    assert {(status, document["error"]["code"]) for status, document, _ in refused} == {(503, "overloaded")}
    assert [answer.getheader("x-request-id") for _, _, answer in refused] == [f"order-{n}" for n in range(5)]
    assert [server.http.get(path).status_code for path in ("/health", "/ready", "/v2/health/live")] == [200] * 3
    assert server.http.get("/metadata").status_code == 503
    assert metric(server, "mlp_http_requests_in_flight") <= 3
    assert [each.answer()[0] for each in held] == [200] * 3
    assert Asked(server).answer()[0] == 200, "it is as before when the load is over"


def test_small_requests_are_answered_while_a_large_one_is_still_explained(serving, launcher, registry):
    server = launcher.start(**registry.publish(wide()))
    wrong = json.dumps({"features": [[0.25] * 30] * 2_000 + [["x"] * 30]}).encode()
    finished: list[str] = []
    assert server.http.get("/metrics").status_code == 200

    def ask(name: str, body: bytes) -> None:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("POST", "/predict", body)
        assert connection.getresponse().read()
        connection.close()
        finished.append(name)

    large = [threading.Thread(target=ask, args=("large", wrong)) for _ in range(3)]
    for each in large:
        each.start()
    until(lambda: re.search(r"^mlp_http_requests_in_flight [2-4]$", server.http.get("/metrics").text, re.MULTILINE))
    ask("small", json.dumps({"features": [[0.25] * 30]}).encode())
    for each in large:
        each.join(60)
    assert "small" in finished[:3]
    assert len(finished) == 4


# Tags


def tagged(server, count: int) -> None:
    """Ask `count` rows, each of one caller alone; each must come back as the model has it without a server."""
    rows = np.random.default_rng(count).normal(size=(count, 8)).astype(np.float32)
    expected = onnxruntime.InferenceSession(network().blob).run(None, {"x": rows})[0][:, 0]
    found = np.full(count, np.nan)

    def ask(numbers) -> None:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
        for number in numbers:
            connection.request("POST", "/predict", json.dumps({"features": [rows[number].tolist()]}))
            found[number] = json.loads(connection.getresponse().read())["predictions"][0]
        connection.close()

    callers = [threading.Thread(target=ask, args=(range(n, count, CONNECTIONS),)) for n in range(CONNECTIONS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(3_000)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    assert len(np.unique(expected)) > 0.99 * count, "rows could be mistaken for each other"


@pytest.fixture
def sharing(launcher, registry):
    return launcher.start(batching="on", health_port=0, **registry.publish(network()))


def test_everybody_gets_the_own_rows_of_shared_runs(sharing):
    tagged(sharing, 1_000)
    assert metric(sharing, "mlp_run_rows_count") < 0.9 * metric(sharing, "mlp_run_rows_sum"), "runs were shared"


def test_everybody_gets_the_own_rows_of_a_quick_model(launcher, registry):
    tagged(launcher.start(**registry.publish(network())), 1_000)


@pytest.mark.soak
def test_a_hundred_thousand_requests_get_the_own_rows_of_shared_runs(sharing):
    tagged(sharing, 100_000)
    assert metric(sharing, "mlp_rows_total") == 100_000
