"""How a server starts, and how it says why it does not: reason, exit code, log."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys

import httpx
import pytest
from served_models import SETOSA, iris, published

from mlp.api.model import Manifest
from mlp.errors import MlpError
from mlp.inference.failure import reason_of
from mlp.inference.listener import open_listener
from mlp.inference.loading import load
from mlp.inference.settings import Settings
from mlp.inference.source import obtain


def settings_of(**given) -> Settings:
    return Settings.from_environment({f"MLP_{name.upper()}": str(value) for name, value in given.items()})


@pytest.fixture
def launcher(launcher):
    """Each process begins with Python."""
    launcher.anew = True
    return launcher


@pytest.fixture
def start(tmp_path):
    """Do what a process does before it listens; return the loaded model, or the reason why there is none."""

    def start(**given):
        try:
            return load(obtain(settings_of(cache_dir=tmp_path / "cache", **given)), threads=1)
        except MlpError as error:
            return reason_of(error)

    return start


def blob(folder):
    return folder / "cache" / f"{iris().version.sha256}.onnx"


# A process, from its environment to its exit code


def test_a_ready_server_says_so_once_with_version_and_digest(launcher, registry):
    server = launcher.start(**registry.publish(iris()))
    assert server.ready == {"state": "ready", "version": 1, "digest": iris().version.digest, "port": server.port}
    assert server.http.get("/ready").json() == {"status": "ready", "version": 1, "digest": iris().version.digest}


def test_every_log_line_is_json(launcher, registry):
    server = launcher.start(log_level="debug", **registry.publish(iris()))
    server.predict(features=[SETOSA])
    server.predict(features=[])
    assert server.stop() == 0
    events = [line["event"] for line in server.log()]
    assert events[0] == "starting"
    assert {"ready", "request", "draining", "ended"} <= set(events)


def test_a_server_starts_again_from_its_cache_without_a_registry(launcher, registry):
    settings = registry.publish(iris())
    launcher.start(**settings).stop()
    registry.stop()
    again = launcher.start(**settings)
    assert again.predict(features=[SETOSA]).status_code == 200
    assert "registry_unavailable" in [line["event"] for line in again.log()]


def test_golden_rows_that_come_out_differently_keep_a_server_from_starting(launcher, registry):
    failed = launcher.fail(**registry.publish(iris(wrong_answers=True)))
    assert (failed.code, failed.reason) == (3, "GoldenRowsFailed")
    assert "golden rows" in failed.message
    assert failed.log[-1]["reason"] == "GoldenRowsFailed"


def test_a_taken_port_is_found_before_a_model_is_fetched(launcher, registry):
    with socket.create_server(("127.0.0.1", 0)) as other:
        failed = launcher.fail(port=other.getsockname()[1], **registry.publish(iris()))
    assert (failed.code, failed.reason) == (3, "PortTaken")
    assert registry.asked == []


def test_an_address_open_to_other_machines_needs_consent(launcher, registry):
    settings = {"host": "0.0.0.0", **registry.publish(iris())}
    refused = launcher.fail(**settings)
    assert (refused.code, refused.reason) == (2, "OpenBind")
    assert "MLP_ALLOW_OPEN" in refused.message
    assert launcher.start(allow_open=1, **settings).http.get("/ready").status_code == 200


def test_without_a_model_a_process_ends_with_code_2_and_says_what_to_set(launcher):
    failed = launcher.fail()
    assert (failed.code, failed.reason) == (2, "SettingsInvalid")
    assert "MLP_MODEL_NAME" in failed.message


def test_two_files_are_served_once_the_checker_has_taken_them(launcher):
    model, manifest = written(launcher.folder, iris())
    server = launcher.start(model_file=model, manifest_file=manifest, model_name="iris", model_version=7)
    assert server.predict(features=[SETOSA]).json()["model"] == {"name": "iris", "version": 7}


def test_a_server_told_to_end_while_it_starts_ends_with_code_0(launcher):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # a registry that never answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process, _, log = launcher.spawn(model_name="iris", model_version=1, registry_url=url)
        connection, _ = silent.accept()
        with connection:
            connection.recv(1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    assert [json.loads(line)["event"] for line in log.read_text().splitlines()] == ["starting"]


def test_a_start_from_the_cache_imports_no_client_and_no_framework():
    heavy = {
        "httpx",
        "fastapi",
        "structlog",
        "sqlalchemy",
        "prometheus_client",
        "sklearn",
        "pydantic_settings",
        "typer",
    }
    program = "import sys, mlp.inference.__main__; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert heavy.isdisjoint(ran.stdout.split())


# The model's way from the registry, step by step


def test_the_token_is_read_from_its_file_and_sent(start, registry, tmp_path):
    (tmp_path / "token").write_text("secret\n")
    start(registry_token_file=tmp_path / "token", **registry.publish(iris()))
    assert registry.authorizations == {"Bearer secret"}


def test_with_a_digest_given_the_cache_is_enough_and_the_registry_is_not_asked(start, registry):
    settings = {**registry.publish(iris()), "model_digest": iris().version.digest}
    start(**settings)
    registry.asked.clear()
    assert start(**settings).digest == iris().version.digest
    assert registry.asked == []


def test_a_number_given_anew_by_a_new_registry_is_not_served_from_the_cache(start, registry):
    start(**registry.publish(iris()))
    other = published("iris", iris(2).blob, iris(2).version.signature)
    assert start(**registry.publish(other)).digest == other.version.digest != iris().version.digest


def test_a_cached_blob_that_has_changed_is_fetched_again(start, registry, tmp_path):
    settings = registry.publish(iris())
    start(**settings)
    blob(tmp_path).write_bytes(iris().blob[:-1] + b"x")
    assert start(**settings).version == 1
    assert blob(tmp_path).read_bytes() == iris().blob


def test_what_a_kill_left_half_written_in_the_cache_does_no_harm(start, registry, tmp_path):
    (tmp_path / "cache" / "refs" / "iris").mkdir(parents=True)
    (tmp_path / "cache" / "refs" / "iris" / "1.json").write_text('{"name": "ir')
    blob(tmp_path).write_bytes(iris().blob[:100])
    assert start(**registry.publish(iris())).version == 1


def test_a_version_that_is_not_there_is_model_not_found(start, registry):
    assert start(model_name="iris", model_version=9, registry_url=registry.url) == "ModelNotFound"


def test_a_registry_that_does_not_answer_is_registry_unavailable(start, registry):
    registry.stop()
    assert start(model_name="iris", model_version=1, registry_url=registry.url) == "RegistryUnavailable"


def test_bytes_with_another_digest_are_never_loaded(start, registry, tmp_path):
    settings = registry.publish(iris())
    registry.artifacts["/models/iris/versions/1/artifact"] = iris(2).blob
    assert start(**settings) == "ArtifactCorrupt"
    assert not blob(tmp_path).exists()


def test_a_document_that_does_not_have_its_digest_is_refused(start, registry):
    settings = registry.publish(iris())
    registry.documents["/models/iris/versions/1"]["receipt"]["golden"] = None
    assert start(**settings) == "DigestMismatch"


def test_another_digest_than_the_one_demanded_is_refused(start, registry):
    assert start(model_digest="0" * 64, **registry.publish(iris())) == "DigestMismatch"


@pytest.mark.parametrize("graph", [b"not onnx at all", iris().blob[:-40]])
def test_a_graph_that_does_not_load_is_model_invalid(start, registry, graph):
    assert start(**registry.publish(published("iris", graph, iris().version.signature))) == "ModelInvalid"


def test_a_signature_of_other_tensors_is_model_invalid(start, registry):
    signature = iris().version.signature
    renamed = signature.model_copy(update={"outputs": signature.outputs.model_copy(update={"prediction": "nothing"})})
    assert start(**registry.publish(published("iris", iris().blob, renamed))) == "ModelInvalid"


def test_a_cache_that_cannot_be_written_is_said_to_be_so(start, registry, tmp_path):
    (tmp_path / "cache").write_text("a file where a folder should be")
    assert start(**registry.publish(iris())) == "CacheUnusable"


def test_two_files_that_the_checker_refuses_are_not_loaded(start, tmp_path):
    model, manifest = written(tmp_path, iris(wrong_answers=True))
    assert start(model_file=model, manifest_file=manifest) == "GoldenRowsFailed"
    model.write_bytes(iris().blob[:-40])
    assert start(model_file=model, manifest_file=manifest) == "ModelInvalid"


def written(folder, model):
    version = model.version
    (folder / "model.onnx").write_bytes(model.blob)
    manifest = Manifest(signature=version.signature, receipt=version.receipt)
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    return folder / "model.onnx", folder / "manifest.json"


IRIS = {"model_name": "iris", "model_version": 2, "registry_url": "http://x"}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({**IRIS, "model_version": "two"}, "MLP_MODEL_VERSION"),
        ({**IRIS, "model_name": "../x"}, "MLP_MODEL_NAME"),
        ({**IRIS, "registry_url": "file:///etc"}, "MLP_REGISTRY_URL"),
        ({**IRIS, "port": 70_000}, "MLP_PORT"),
        ({**IRIS, "drain_seconds": "nan"}, "MLP_DRAIN_SECONDS"),
        ({**IRIS, "registry_url": ""}, "MLP_REGISTRY_URL"),
        ({"model_file": "model.onnx"}, "MLP_MANIFEST_FILE"),
    ],
)
def test_a_wrong_setting_is_named(given, named):
    with pytest.raises(MlpError) as caught:
        settings_of(**given)
    assert (caught.value.code, reason_of(caught.value)) == ("invalid_setting", "SettingsInvalid")
    assert named in caught.value.message


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_needs_no_consent(host):
    with open_listener(settings_of(host=host, port=0, **IRIS)) as listener:
        assert listener.getsockname()[1] != 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_all_addresses_together_need_consent(host):
    with pytest.raises(MlpError) as caught:
        open_listener(settings_of(host=host, port=0, **IRIS))
    assert caught.value.code == "open_bind"


def test_an_inherited_descriptor_must_be_a_listening_socket(tmp_path):
    with (tmp_path / "file").open("w") as file, pytest.raises(MlpError) as caught:
        open_listener(settings_of(listen_fd=file.fileno(), **IRIS))
    assert reason_of(caught.value) == "ListenerUnusable"


def test_two_files_must_have_the_digest_that_is_demanded(start, tmp_path):
    model, manifest = written(tmp_path, iris())
    assert start(model_file=model, manifest_file=manifest, model_digest=iris().version.digest).version == 1
    assert start(model_file=model, manifest_file=manifest, model_digest="0" * 64) == "DigestMismatch"


def test_a_server_serves_although_the_agent_that_started_it_is_dead(launcher, registry, listening):
    settings = {"listen_fd": listening.fileno(), **registry.publish(iris())}
    _, said, _ = launcher.spawn((listening.fileno(),), **settings)
    os.close(said)
    assert httpx.get(f"http://127.0.0.1:{listening.getsockname()[1]}/ready", timeout=20).status_code == 200


def test_a_server_leaves_nothing_in_a_home_and_tells_nobody_of_itself(launcher, registry, monkeypatch, tmp_path):
    """ONNX Runtime would keep a database of what it has to tell there."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    server = launcher.start(**registry.publish(iris()))
    assert server.http.post("/predict", json={"features": [SETOSA]}).status_code == 200
    assert list(home.rglob("*")) == []
