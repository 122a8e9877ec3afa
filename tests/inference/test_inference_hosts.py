"""Which `Host` a request may name: a page in a browser must not reach a server of this machine under its own name."""

from __future__ import annotations

import httpx
import pytest
from served_models import SETOSA, iris

from mlp.errors import Invalid, MlpError
from mlp.inference.hosts import Hosts, guard_of
from mlp.inference.settings import Settings

BODY = {"features": [SETOSA]}
HERE = {"MLP_MODEL_NAME": "iris", "MLP_MODEL_VERSION": "1", "MLP_REGISTRY_URL": "http://127.0.0.1:9"}


def ask(server, host: str, path: str = "/predict") -> httpx.Response:
    return server.http.post(path, json=BODY, headers={"Host": host})


def test_another_name_is_refused_on_every_path_but_those_of_probes(iris_server):
    refused = ask(iris_server, "evil.example:8001")
    assert (refused.status_code, refused.json()["error"]["code"]) == (421, "misdirected")
    assert "MLP_ALLOWED_HOSTS" in refused.json()["error"]["message"]
    sentence = ask(iris_server, "evil.example", "/v2/models/iris/infer")
    assert (sentence.status_code, sentence.headers["x-mlp-error-code"]) == (421, "misdirected")
    for path, status in (("/metadata", 421), ("/openapi.json", 421), ("/metrics", 421), ("/health", 200)):
        assert iris_server.http.get(path, headers={"Host": "evil.example"}).status_code == status


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8001", "localhost.", "127.0.0.1:1", "[::1]:8001", "[::1]"])
def test_names_of_this_machine_are_served(iris_server, host):
    assert ask(iris_server, host).status_code == 200


def test_the_name_of_a_proxy_can_be_allowed(launcher, registry):
    server = launcher.start(allowed_hosts="models.example, Other.example", **registry.publish(iris()))
    asked = ("models.example:443", "other.example", "localhost", "more.models.example")
    assert [ask(server, host).status_code for host in asked] == [200, 200, 200, 421]


def checked(host: bytes, **settings: str) -> str:
    guard = guard_of(Settings.from_environment({**HERE, **settings}), None)
    if guard is None:
        return "anybody is let in"
    try:
        guard({b"host": host})
    except Invalid as error:
        return error.code
    return "served"


def test_what_else_guards_a_server_decides_about_names(tmp_path):
    keys = {"MLP_API_KEYS_FILE": str(tmp_path)}
    assert checked(b"x.example") == "misdirected"
    assert checked(b"x.example", **keys) == "anybody is let in"
    assert checked(b"x.example", MLP_ALLOW_OPEN="1", MLP_HOST="0.0.0.0") == "anybody is let in"
    assert checked(b"x.example", **keys, MLP_ALLOWED_HOSTS="x.example") == "served"
    assert checked(b"localhost", **keys, MLP_ALLOWED_HOSTS="x.example") == "misdirected"


def test_what_has_no_host_is_no_browser():
    Hosts({"localhost"}).check({})
    with pytest.raises(Invalid):
        Hosts({"localhost"}).check({b"host": b""})


@pytest.mark.parametrize(
    ("contradiction", "words"),
    [
        ({"MLP_PORT": "7000", "MLP_GRPC_PORT": "7000"}, "MLP_PORT and MLP_GRPC_PORT are both 7000"),
        ({"MLP_HEALTH_PORT": "7000", "MLP_GRPC_PORT": "7000"}, "MLP_GRPC_PORT and MLP_HEALTH_PORT are both 7000"),
        ({"MLP_MAX_QUEUE": "300", "MLP_MAX_IN_FLIGHT": "200"}, "MLP_MAX_QUEUE is more than MLP_MAX_IN_FLIGHT"),
        ({"MLP_MODEL_FILE": "m", "MLP_MANIFEST_FILE": "m"}, "MLP_MODEL_FILE and MLP_REGISTRY_URL are two sources"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(contradiction, words):
    with pytest.raises(MlpError, match=words):
        Settings.from_environment({**HERE, **contradiction})


def test_ports_left_to_the_system_and_inherited_ones_contradict_nothing():
    assert Settings.from_environment({**HERE, "MLP_PORT": "0", "MLP_GRPC_PORT": "0"}).grpc_port == 0
    assert Settings.from_environment({**HERE, "MLP_LISTEN_FD": "5", "MLP_GRPC_PORT": "8001"}).grpc_port == 8001
