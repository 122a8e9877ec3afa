"""Limits: of size, of patience, of disk. What exceeds one is refused, and the registry goes on."""

from __future__ import annotations

import json
import resource
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from registry_process import Registry, kill
from sample_models import Sample, announce, code_of, endless_model, linear_model, put

from mlp.errors import Unavailable

LIMIT = 1_000_000


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry with small limits."""
    settings = {
        "MLP_REGISTRY_MAX_MODEL_BYTES": str(LIMIT),
        "MLP_REGISTRY_IDLE_SECONDS": "0.5",
        "MLP_REGISTRY_HEAD_SECONDS": "1.5",
        "MLP_REGISTRY_JUDGE_SECONDS": "3",
    }
    small = Registry(tmp_path_factory.mktemp("small") / "registry", settings=settings).start()
    yield small
    kill(small)


def exchange(registry: Registry, head: str, body: bytes, *, end: bool = True) -> tuple[int, dict[str, str], str]:
    """Send raw bytes; return status, headers and error code of what comes back before the connection is closed."""
    with socket.create_connection(("127.0.0.1", registry.port()), timeout=20) as raw:
        raw.sendall(f"{head}\r\nHost: localhost\r\n\r\n".encode() + body)
        if end:
            raw.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: raw.recv(65_536), b""))
    top, _, document = answer.partition(b"\r\n\r\n")
    status, *lines = top.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(status.split()[1]), headers, json.loads(document)["error"]["code"]


def test_a_model_at_the_limit_is_taken(registry: Registry, http) -> None:
    spare = LIMIT - len(linear_model(1, padding=100_000).onnx) + 100_000
    sample = linear_model(1, padding=spare)
    assert len(sample.onnx) == LIMIT
    upload = announce(http, "full", sample).json()["id"]
    assert put(http, "full", upload, sample.onnx).status_code == 201


def test_a_model_above_the_limit_is_refused_at_its_announcement(http) -> None:
    answer = announce(http, "above", linear_model(1, padding=LIMIT))
    assert (answer.status_code, code_of(answer)) == (413, "payload_too_large")


@pytest.mark.parametrize("length", [LIMIT + 1, 2**62, 10**30])
def test_a_declared_length_above_the_limit_is_refused_unread_and_closed(registry: Registry, http, length: int) -> None:
    upload = announce(http, "declared", linear_model(2)).json()["id"]
    head = f"PUT /models/declared/uploads/{upload} HTTP/1.1\r\nContent-Type: application/octet-stream"
    status, headers, code = exchange(registry, f"{head}\r\nContent-Length: {length}", b"x" * 1_000, end=False)
    # A length that is no 64-bit number is not HTTP to the parser.
    assert (status, code) in {(413, "payload_too_large"), (400, "invalid_http")}
    assert headers["connection"] == "close"


def test_a_body_that_grows_beyond_what_was_announced_is_cut_off(registry: Registry, http) -> None:
    sample = linear_model(3)
    upload = announce(http, "growing", sample).json()["id"]
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 50 * LIMIT:
            sent += 65_536
            yield bytes(65_536)

    answer = put(http, "growing", upload, endless())
    assert (answer.status_code, code_of(answer)) == (413, "payload_too_large")
    assert answer.headers["connection"] == "close"
    assert not list((registry.data / "incoming").iterdir())


def test_a_client_that_stalls_is_given_up(registry: Registry, http) -> None:
    upload = announce(http, "stalling", linear_model(4)).json()["id"]
    head = f"PUT /models/stalling/uploads/{upload} HTTP/1.1\r\nContent-Type: application/octet-stream"
    status, headers, code = exchange(registry, f"{head}\r\nContent-Length: 500", b"x", end=False)
    assert (status, code, headers["connection"]) == (408, "request_timeout", "close")
    head = "POST /models HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 500"
    assert exchange(registry, head, b"{", end=False)[0] == 408


def test_a_client_that_leaves_is_no_failure(registry: Registry, http) -> None:
    sample = linear_model(5)
    upload = announce(http, "leaving", sample).json()["id"]
    head = f"PUT /models/leaving/uploads/{upload} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream"
    with socket.create_connection(("127.0.0.1", registry.port())) as raw:
        raw.sendall(f"{head}\r\nContent-Length: {len(sample.onnx)}\r\n\r\n".encode() + sample.onnx[:10])
    assert put(http, "leaving", upload, sample.onnx).status_code == 201
    assert not [line for line in registry.log_lines() if "traceback" in line]


def test_a_model_that_does_not_end_keeps_nobody_waiting(registry: Registry, http) -> None:
    endless = Sample(endless_model(), linear_model().manifest)
    upload = announce(http, "endless", endless).json()["id"]
    with ThreadPoolExecutor(1) as sender, registry.http() as other, registry.client() as client:
        sending = sender.submit(put, http, "endless", upload, endless.onnx)
        served = 0
        while not sending.done():
            assert other.get("/ready").status_code == 200
            served += 1
            if served == 5:
                sample = linear_model(6)
                client.push("meanwhile", sample.manifest, sample.onnx)
        assert served >= 5
        assert code_of(sending.result()) == "model_hangs"


def test_a_full_disk_is_told_and_got_over_without_a_restart(make_registry) -> None:
    registry = make_registry().start()
    kept, too_much = linear_model(1), linear_model(2, padding=3_000_000)
    with registry.client() as client, registry.http() as http:
        client.push("iris", kept.manifest, kept.onnx)
        # No file of this process may grow beyond that: what a write meets is what it meets on a full disk.
        resource.prlimit(registry.process.pid, resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
        with pytest.raises(Unavailable) as refusal:
            client.push("iris", too_much.manifest, too_much.onnx)
        assert refusal.value.code == "insufficient_storage"
        upload = announce(http, "iris", too_much).json()["id"]
        answer = put(http, "iris", upload, too_much.onnx)
        assert (answer.status_code, answer.headers["retry-after"]) == (507, "60")
        assert not list((registry.data / "incoming").iterdir())
        assert http.get("/models/iris/versions/1/artifact").content == kept.onnx
        resource.prlimit(registry.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert client.push("iris", too_much.manifest, too_much.onnx).version.version == 2


def test_a_registry_that_cannot_write_says_that_it_is_not_ready(make_registry, tmp_path: Path) -> None:
    registry = make_registry().start()
    with registry.http() as http:
        assert http.get("/ready").status_code == 200
        (registry.data / "registry.db").rename(tmp_path / "away.db")
        (registry.data / "blobs").rename(tmp_path / "away")
        answer = http.get("/ready")
        assert (answer.status_code, code_of(answer)) == (503, "storage_unavailable")
        assert answer.headers["retry-after"] == "1"
        assert http.get("/health").status_code == 200
        (tmp_path / "away").rename(registry.data / "blobs")
        assert http.get("/ready").status_code == 200


def test_a_client_that_drips_its_body_is_given_up(registry: Registry) -> None:
    with socket.create_connection(("127.0.0.1", registry.port()), timeout=30) as raw:
        head = (
            b"POST /models HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
        )
        raw.sendall(head)
        raw.settimeout(0.1)
        answer = drip(raw, b" ")
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "begin", [b"", b"GET /models HTTP/1.1\r\n", b"GET /models HTTP/1.1\r\nHost: localhost\r\nX-A: "]
)
def test_a_client_that_does_not_finish_its_headers_is_given_up(registry: Registry, begin: bytes) -> None:
    with socket.create_connection(("127.0.0.1", registry.port()), timeout=30) as raw:
        raw.sendall(begin)
        raw.settimeout(0.1)
        answer = drip(raw, b"" if not begin else b"a" if begin.endswith(b": ") else b"\r")
    assert answer.startswith((b"HTTP/1.1 408 ", b"HTTP/1.1 400 "))


def drip(raw: socket.socket, byte: bytes) -> bytes:
    """Send a byte ten times a second until an answer comes."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            return raw.recv(65_536)
        except TimeoutError:
            raw.sendall(byte)
    raise AssertionError("the connection is still open")
