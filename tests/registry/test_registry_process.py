"""The process: how it starts, refuses to start, and ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from registry_process import SERVE, Registry
from sample_models import announce, linear_model, put

from mlp.client.registry import RegistryClient
from mlp.errors import Unproved
from mlp.registry.settings import Settings


def test_it_listens_on_an_inherited_socket(make_registry: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        registry = make_registry(settings={"MLP_LISTEN_FD": str(listener.fileno())})
        registry.start(pass_fds=(listener.fileno(),))
        assert registry.port() == listener.getsockname()[1]
        assert httpx.get(f"{registry.url}/ready").json() == {"state": "ready"}
        assert registry.stop() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "example.org"},
        {"host": "::"},
        {"port": 65_536},
        {"port": "http"},
        {"database_url": "mysql://x"},
        {"judge_seconds": 60},
        {"data": None},
    ],
)
def test_wrong_settings_are_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    Settings(data=tmp_path)
    with pytest.raises(ValidationError):
        Settings(**{"data": tmp_path, **wrong})


def test_an_open_bind_ends_it_with_2_and_names_the_setting(make_registry: Any) -> None:
    registry: Registry = make_registry(settings={"MLP_REGISTRY_HOST": "0.0.0.0"})
    assert registry.launch() == 2
    message = registry.log_lines()[-1]["message"]
    assert "MLP_REGISTRY_HOST" in message
    assert "MLP_REGISTRY_ADMIN_TOKEN_FILE" in message


def test_an_inherited_socket_beyond_loopback_is_refused(make_registry: Any) -> None:
    with socket.create_server(("0.0.0.0", 0)) as listener:
        registry = make_registry(settings={"MLP_LISTEN_FD": str(listener.fileno())})
        assert registry.launch(pass_fds=(listener.fileno(),)) == 2
    assert registry.log_lines()[-1]["code"] == "open_bind"


def test_a_second_registry_on_the_same_data_ends_with_3_and_says_why(make_registry: Any, tmp_path: Path) -> None:
    first: Registry = make_registry().start()
    told = tmp_path / "termination"
    second: Registry = make_registry(settings={"MLP_TERMINATION_FILE": str(told)})
    assert second.launch() == 3
    assert json.loads(told.read_text())["reason"] == "DataInUse"
    assert httpx.get(f"{first.url}/ready").status_code == 200


def test_a_taken_port_ends_it_with_3(make_registry: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        registry = make_registry(settings={"MLP_REGISTRY_PORT": str(other.getsockname()[1])})
        assert registry.launch() == 3
    assert registry.log_lines()[-1]["code"] == "port_taken"


def test_what_it_keeps_is_for_its_owner_alone(registry: Registry, client: RegistryClient) -> None:
    sample = linear_model()
    client.push("private", sample.manifest, sample.onnx)
    kept = list(registry.data.rglob("*"))
    assert {path.name for path in kept} >= {"registry.db", "registry.db-wal", "lock", "blobs", "incoming"}
    for path in (registry.data, *kept):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_it_never_loads_what_opens_models(make_registry: Any) -> None:
    registry: Registry = make_registry(command=SERVE).start()
    sample = linear_model()
    with registry.client() as client:
        client.push("unopened", sample.manifest, sample.onnx)
    mapped = Path(f"/proc/{registry.process.pid}/maps").read_text("utf-8")
    assert "sqlite3" in mapped
    for library in ("onnx", "numpy", "google/_upb"):
        assert library not in mapped


def test_sigterm_lets_an_upload_finish_and_new_clients_go_elsewhere(make_registry: Any) -> None:
    registry: Registry = make_registry().start()
    sample = linear_model(padding=200_000)
    half_sent, go_on = threading.Event(), threading.Event()

    def body() -> Any:
        yield sample.onnx[:100_000]
        half_sent.set()
        assert go_on.wait(20)
        yield sample.onnx[100_000:]

    with registry.http() as http:
        upload = announce(http, "iris", sample).json()["id"]
        answers: list[httpx.Response] = []
        sending = threading.Thread(target=lambda: answers.append(put(http, "iris", upload, body())))
        sending.start()
        assert half_sent.wait(10)
        registry.process.send_signal(signal.SIGTERM)
        wait_until_refused(registry.port())
        go_on.set()
        sending.join(20)
    assert answers[0].status_code == 201
    assert answers[0].headers["connection"] == "close"
    assert registry.process.wait(20) == 0


def test_an_open_connection_is_told_to_close_while_the_registry_ends(make_registry: Any) -> None:
    registry: Registry = make_registry(settings={"MLP_REGISTRY_DRAIN_SECONDS": "20"}).start()
    with registry.http() as http:
        http.get("/health").raise_for_status()
        registry.process.send_signal(signal.SIGTERM)
        wait_until_refused(registry.port())
        answer = http.get("/health")
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")
    assert registry.process.wait(20) == 0


def wait_until_refused(port: int) -> None:
    for _ in range(1_000):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return
        threading.Event().wait(0.01)
    raise AssertionError("the port is still open")


def test_a_killed_judging_process_is_replaced_and_goes_with_the_registry(make_registry: Any) -> None:
    registry: Registry = make_registry().start()
    first, second = linear_model(1), linear_model(2)
    with registry.client() as client:
        client.push("iris", first.manifest, first.onnx)
        os.kill(judging(registry)[0], signal.SIGKILL)
        assert client.push("iris", second.manifest, second.onnx).version.version == 2
    _, replaced = judging(registry)
    registry.stop(signal.SIGKILL)
    assert ended(replaced)


def judging(registry: Registry) -> list[int]:
    """The judging processes that the registry has started."""
    return [line["pid"] for line in registry.log_lines() if line["message"] == "judging process started"]


def ended(pid: int) -> bool:
    for _ in range(1_000):
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "State:\tZ" in status.read_text("utf-8"):
            return True
        threading.Event().wait(0.01)
    return False


def test_metrics_count_requests_and_verdicts(registry: Registry, client: RegistryClient) -> None:
    sample, liar = linear_model(1), linear_model(2)
    client.push("counted", sample.manifest, sample.onnx)
    with pytest.raises(Unproved):
        client.push("counted", sample.manifest, liar.onnx)
    text = httpx.get(f"{registry.url}/metrics").text
    assert 'mlp_registry_verdicts_total{code="golden_rows_failed"} 1.0' in text
    for wanted in ('code="accepted"', 'method="PUT",route="/models/{name}/uploads/{upload}",status="201"'):
        assert f"{{{wanted}}}" in text
    assert "process_resident_memory_bytes" in text


def test_every_line_of_the_log_is_json_with_the_request_in_it(registry: Registry) -> None:
    httpx.get(f"{registry.url}/models/%0a%1b[31m", headers={"X-Request-Id": "seen"})
    assert registry.logged("seen")["status"] == 422
    assert "\x1b" not in registry.log()
