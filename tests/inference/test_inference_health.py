"""The port of probes and Prometheus: what it answers, and that it does so whatever the model's port has to bear."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from http.client import HTTPConnection
from time import monotonic, perf_counter

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from served_models import SETOSA, iris, wide

from mlp.inference.drift import Drift
from mlp.inference.health import STALLED_SECONDS, HealthServer
from mlp.inference.http1 import Traffic
from mlp.inference.lifecycle import Lifecycle
from mlp.inference.loading import load
from mlp.inference.metrics import Metrics
from mlp.inference.pages import Pages
from mlp.inference.source import Artifact

SLOWEST_PROBE_SECONDS = 0.1
"""What 99 of 100 probes have to stay below, on a machine that does nothing else."""
PROBES = 400


@pytest.fixture
def server(launcher, registry):
    return launcher.start(health_port=0, drain_seconds=600, **registry.publish(iris()))


def health_of(server, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{server.ready['health_port']}{path}", timeout=20)


def test_it_answers_what_the_models_port_answers_and_no_prediction(server):
    server.predict(features=[SETOSA]).raise_for_status()
    for path in ("/health", "/ready"):
        assert health_of(server, path).json() == server.http.get(path).json()
    families = {family.name: family for family in text_string_to_metric_families(health_of(server, "/metrics").text)}
    answered = {(s.labels["path"], s.labels["code"]): s.value for s in families["mlp_http_requests"].samples}
    assert answered[("/predict", "200")] == 1
    assert answered[("/ready", "200")] == 1, "what watchers ask on their own port is not counted among callers"
    refused = httpx.post(f"http://127.0.0.1:{server.ready['health_port']}/predict", json={"features": [SETOSA]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "no_such_path")
    server.process.send_signal(signal.SIGTERM)
    until_draining(server)
    assert health_of(server, "/health").status_code == 200
    assert health_of(server, "/ready").json()["error"]["code"] == "draining"
    assert server.stop() == 0


def until_draining(server) -> None:
    deadline = monotonic() + 20
    while health_of(server, "/ready").status_code != 503:
        assert monotonic() < deadline, "it went on being ready"


def test_without_the_setting_there_is_no_second_port(iris_server):
    assert "health_port" not in iris_server.ready


def test_a_taken_health_port_is_said_to_be_so(launcher, registry):
    with socket.create_server(("127.0.0.1", 0)) as other:
        failed = launcher.fail(health_port=other.getsockname()[1], **registry.publish(iris()))
    assert (failed.code, failed.reason) == (3, "PortTaken")


@pytest.mark.soak
def test_probes_are_answered_in_time_while_the_models_port_is_overrun(launcher, registry):
    """20 callers send the largest body that is taken, half of them one that is explained cell by cell."""
    server = launcher.start(health_port=0, **registry.publish(wide()))
    rows = [[0.123456789] * 30] * 2_500
    fine = json.dumps({"features": rows}).encode()
    wrong = json.dumps({"features": [*rows, ["x"] * 30]}).encode()
    assert 1_000_000 > len(wrong) > 900_000
    with flood(server, fine, 200), flood(server, wrong, 422):
        took = sorted(timed(server, path) for path in ("/health", "/metrics") for _ in range(PROBES // 2))
    most = took[PROBES * 99 // 100 - 1]
    sys.stderr.write(f"99 of 100 probes within {most * 1000:.1f} ms, all within {took[-1] * 1000:.1f} ms\n")
    assert most < SLOWEST_PROBE_SECONDS


def timed(server, path: str) -> float:
    """Ask as a kubelet does, over a connection of its own."""
    begin = perf_counter()
    connection = HTTPConnection("127.0.0.1", server.ready["health_port"], timeout=20)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.read()
    connection.close()
    assert answer.status == 200
    return perf_counter() - begin


@contextmanager
def flood(server, body: bytes, status: int):
    """Send a body over ten connections, again and again, from a process that does not slow this one's clock."""
    cpu = max(os.sched_getaffinity(0))
    request = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    command = [sys.executable, "-m", "benchmarks.load", *map(str, (server.port, 10, 600, cpu, status))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.stdin.write(request)
        process.stdin.close()
        deadline = monotonic() + 20
        while b'code="%d"' % status not in counted(server):
            assert monotonic() < deadline, "the flood does not come"
        yield
    finally:
        process.kill()
        process.wait()


def counted(server) -> bytes:
    connection = HTTPConnection("127.0.0.1", server.ready["health_port"], timeout=20)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read()
    connection.close()
    return text


def test_a_model_port_that_has_stopped_is_not_called_healthy(tmp_path):
    (tmp_path / "model.onnx").write_bytes(iris().blob)
    model = load(Artifact(iris().version, tmp_path / "model.onnx"), threads=1)
    traffic = Traffic()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/health"
        with HealthServer(Pages(model, Metrics(Drift(model.signature)), Lifecycle()), traffic, listener):
            assert httpx.get(url).status_code == 200
            traffic.turned = monotonic() - STALLED_SECONDS - 1
            stalled = httpx.get(url)
    assert (stalled.status_code, stalled.json()["error"]["code"]) == (503, "stalled")
