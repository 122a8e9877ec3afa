"""Keys: who is let in, how a changed file is taken, and what no change opens."""

from __future__ import annotations

import os
import time

import grpc
import httpx
import pytest
import schemathesis
from openapi_calls import check_answers
from openapi_spec_validator import OpenAPIV31SpecValidator
from served_models import SETOSA, iris

from mlp.client.inference import InferenceClient
from mlp.client.keys import api_key
from mlp.errors import Denied, Precondition
from mlp.inference.keys import ApiKeys

OLD, NEW = "old-key-0123456789", "new-key-0123456789"
BODY = {"features": [SETOSA]}


@pytest.fixture(scope="module")
def guarded(shared_launcher, shared_registry, tmp_path_factory):
    """A server that asks for keys, on every address of this machine."""
    file = tmp_path_factory.mktemp("keys") / "keys"
    file.write_text(f"# alice\n{OLD}\n\n{NEW}  # bob\n")
    settings = {"api_keys_file": file, "host": "0.0.0.0", "grpc_port": 0, **shared_registry.publish(iris())}
    return shared_launcher.start(**settings)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": OLD},
        {"X-API-Key": NEW},
        {"Authorization": f"Bearer {OLD}"},
        {"authorization": f"bearer {NEW}"},
        {"X-API-Key": OLD, "Authorization": "Basic YTpi"},
    ],
)
def test_a_key_is_taken_in_either_header(guarded, headers):
    assert guarded.http.post("/predict", json=BODY, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "api_key_missing"),
        ({"Authorization": f"Basic {OLD}"}, "api_key_missing"),
        ({"Authorization": OLD}, "api_key_missing"),
        ({"X-API-Key": ""}, "api_key_unknown"),
        ({"X-API-Key": "alice"}, "api_key_unknown"),
        ({"X-API-Key": OLD[:-1]}, "api_key_unknown"),
        ({"X-API-Key": f"{OLD}{NEW}"}, "api_key_unknown"),
        ({"Authorization": "Bearer"}, "api_key_unknown"),
        ({"X-API-Key": "wrong-key-0123456789", "Authorization": f"Bearer {OLD}"}, "api_key_unknown"),
    ],
)
def test_without_a_right_key_the_answer_says_how_to_show_one(guarded, headers, code):
    refused = guarded.http.post("/predict", json=BODY, headers=headers)
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (401, code)
    assert refused.headers["www-authenticate"] == 'Bearer realm="mlp"'
    assert "X-API-Key" in error["message"]
    assert "Authorization: Bearer" in error["message"]
    assert OLD[:-1] not in refused.text


def test_every_path_wants_a_key_but_health_and_readiness(guarded):
    free = {"/health", "/ready", "/v2/health/live", "/v2/health/ready", "/v2/models/iris/ready", "/v1/models/iris"}
    paths = {*free, "/metrics", "/metadata", "/openapi.json", "/v2", "/v2/models/iris", "/v1/models", "/nowhere"}
    assert {path for path in paths if guarded.http.get(path).status_code != 401} == free
    refused = guarded.http.post("/v2/models/iris/infer", json={})
    assert (refused.status_code, refused.headers["x-mlp-error-code"]) == (401, "api_key_missing")
    assert isinstance(refused.json()["error"], str)


def test_the_openapi_document_tells_of_the_keys_and_holds_with_one(guarded):
    document = guarded.http.get("/openapi.json", headers={"X-API-Key": OLD}).json()
    OpenAPIV31SpecValidator(document).validate()
    assert sorted(document["components"]["securitySchemes"]) == ["ApiKey", "Bearer"]
    operations = [operation for operations in document["paths"].values() for operation in operations.values()]
    assert all(("401" in operation["responses"]) == ("security" not in operation) for operation in operations)
    schema = schemathesis.openapi.from_dict(document)
    for path, method in (("/predict", "POST"), ("/metadata", "GET"), ("/v2/models/iris/infer", "POST")):
        check_answers(guarded.url, schema[path][method], examples=5, headers={"X-API-Key": OLD})
    free = schema["/v2/models/iris/ready"]["GET"]
    check_answers(guarded.url, free, examples=1)


def test_grpc_wants_a_key_as_well(guarded):
    with grpc.insecure_channel(f"127.0.0.1:{guarded.ready['grpc_port']}") as channel:

        def status_of(method, *metadata):
            try:
                channel.unary_unary(f"/inference.GRPCInferenceService/{method}")(b"", metadata=metadata, timeout=20)
            except grpc.RpcError as error:
                return error.code()
            return grpc.StatusCode.OK

        assert status_of("ServerLive") is grpc.StatusCode.OK
        assert status_of("ServerMetadata") is grpc.StatusCode.UNAUTHENTICATED
        assert status_of("ServerMetadata", ("x-api-key", OLD[:-1])) is grpc.StatusCode.UNAUTHENTICATED
        assert status_of("ServerMetadata", ("x-api-key", OLD)) is grpc.StatusCode.OK
        assert status_of("ServerMetadata", ("authorization", f"Bearer {NEW}")) is grpc.StatusCode.OK


def test_the_health_port_gives_metrics_without_a_key(launcher, registry, tmp_path):
    (tmp_path / "keys").write_text(OLD)
    server = launcher.start(health_port=0, api_keys_file=tmp_path / "keys", **registry.publish(iris()))
    assert server.http.get("/metrics").status_code == 401
    assert httpx.get(f"http://127.0.0.1:{server.ready['health_port']}/metrics").status_code == 200


def test_the_client_shows_its_key(guarded):
    with InferenceClient(guarded.url, key=NEW) as client:
        assert client.metadata()["name"] == "iris"
    with InferenceClient(guarded.url) as client, pytest.raises(Denied) as caught:
        client.metadata()
    assert caught.value.code == "api_key_missing"


def test_a_callers_key_is_given_or_in_a_file_and_one_alone(tmp_path):
    (tmp_path / "key").write_text(f"{OLD}\n")
    assert api_key(None, None) is None
    assert api_key(None, tmp_path / "key") == OLD
    assert api_key(NEW, tmp_path / "key") == NEW
    (tmp_path / "key").write_text(f"{OLD}\n{NEW}\n")
    for file in (tmp_path / "key", tmp_path / "none"):
        with pytest.raises(Precondition) as caught:
            api_key(None, file)
        assert caught.value.code == "api_key_unreadable"


def test_keys_are_in_no_log_line(guarded):
    guarded.http.get("/metadata", headers={"X-API-Key": "wrong-key-0123456789"})
    log = guarded.log_file.read_text()
    assert "starting" in log
    assert not {word for word in (OLD, NEW, "wrong-key") if word in log}


def test_an_absent_file_keeps_a_server_from_starting_unless_open_is_allowed(launcher, registry, tmp_path):
    settings = {"api_keys_file": tmp_path / "none", **registry.publish(iris())}
    failed = launcher.fail(**settings)
    assert (failed.code, failed.reason) == (2, "KeysUnusable")
    assert "MLP_ALLOW_OPEN" in failed.message
    server = launcher.start(allow_open=1, **settings)
    assert server.predict(features=[SETOSA]).status_code == 200
    written(tmp_path / "none", OLD)
    deadline = time.monotonic() + 20
    while server.predict(features=[SETOSA]).status_code != 401:
        assert time.monotonic() < deadline, "the key that appeared was never asked for"
    assert server.http.post("/predict", json=BODY, headers={"X-API-Key": OLD}).status_code == 200


# The file, over time


def written(file, text):
    """Replace the file whole, as kubelet and careful editors do; its time of change is another one each time."""
    part = file.with_suffix(".part")
    part.write_text(text)
    os.utime(part, ns=(time.time_ns(), time.time_ns()))
    part.replace(file)


@pytest.fixture
def keys(tmp_path):
    """Keys that are looked at again with each check, and their file."""
    file = tmp_path / "keys"
    file.write_text(OLD)
    return ApiKeys(file, look_seconds=0.0), file


def admits(keys, key):
    try:
        keys.check({b"x-api-key": key.encode()})
    except Denied:
        return False
    return True


def test_keys_are_rotated_without_a_moment_in_which_neither_works(keys):
    keys, file = keys
    assert (admits(keys, OLD), admits(keys, NEW)) == (True, False)
    written(file, f"{OLD}\n{NEW}\n")
    assert (admits(keys, OLD), admits(keys, NEW)) == (True, True)
    written(file, NEW)
    assert (admits(keys, OLD), admits(keys, NEW)) == (False, True)


@pytest.mark.parametrize("text", ["", "# nothing but words\n", "short\n", "two words are no key at all\n", "ü" * 20])
def test_what_holds_no_keys_leaves_the_last_ones_in_force(keys, text):
    keys, file = keys
    written(file, text)
    assert (admits(keys, OLD), admits(keys, "")) == (True, False)


def test_a_file_that_vanishes_opens_nothing(keys):
    keys, file = keys
    file.unlink()
    assert (admits(keys, OLD), admits(keys, NEW)) == (True, False)
    written(file, NEW)
    assert (admits(keys, OLD), admits(keys, NEW)) == (False, True)


@pytest.mark.parametrize("text", ["short", "a b c d e f g h i j k", "ü" * 20, "x" * 600])
def test_a_line_that_is_no_key_is_named_and_not_repeated(tmp_path, text):
    (tmp_path / "keys").write_text(f"{OLD}\n{text}\n")
    with pytest.raises(Precondition) as caught:
        ApiKeys(tmp_path / "keys")
    assert caught.value.code == "keys_unusable"
    assert "line 2" in caught.value.message
    assert text not in caught.value.message


def test_a_file_of_more_keys_than_can_be_compared_is_refused(tmp_path):
    (tmp_path / "keys").write_text("\n".join(f"key-number-{number:010}" for number in range(1_001)))
    with pytest.raises(Precondition):
        ApiKeys(tmp_path / "keys")
