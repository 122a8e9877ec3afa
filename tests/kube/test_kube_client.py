"""Every answer of an API server, and none, becomes an error with a meaning."""

import pytest

from mlp.errors import (
    Conflict,
    DeadlineExceeded,
    Denied,
    Failed,
    Invalid,
    NotFound,
    Precondition,
    Unavailable,
)
from mlp.kube.client import Client
from mlp.kube.codec import StandardCodec, quick_codec
from mlp.kube.connection import connect
from mlp.kube.failures import failure_of, is_history_gone, retry_after
from mlp.kube.opening import open_transport
from mlp.kube.resource import DEPLOYMENTS, PODS
from tests.kube.scripted_api import pod


@pytest.fixture(params=[connect, open_transport])
def connected(request):
    """Connect by Kubernetes' client, as the operator does, and as commands do."""
    opened = []

    def open_(api):
        opened.append(request.param(api.kubeconfig))
        return opened[-1]

    yield open_
    for connection in opened:
        connection.close()


@pytest.mark.parametrize("codec", [StandardCodec(), quick_codec()])
def test_json_is_written_and_read_and_what_is_none_is_nothing(codec):
    value = {"name": "ä", "list": [1, 2.5, None, True]}
    assert codec.decode(codec.encode(value)) == value
    assert codec.encode(value) == '{"name":"ä","list":[1,2.5,null,true]}'.encode()
    assert [codec.decode(text) for text in (b"", b"{", b"\xff", b"<html>")] == [None] * 4


@pytest.mark.parametrize(
    ("status", "reason", "kind", "code"),
    [
        (401, "Unauthorized", Denied, "unauthorized"),
        (403, "Forbidden", Denied, "forbidden"),
        (404, "NotFound", NotFound, "not_found"),
        (409, "AlreadyExists", Conflict, "already_exists"),
        (410, "Expired", Conflict, "expired"),
        (422, "Invalid", Invalid, "invalid"),
        (429, "TooManyRequests", Unavailable, "too_many_requests"),
        (500, "InternalError", Unavailable, "internal_error"),
        (503, "ServiceUnavailable", Unavailable, "service_unavailable"),
        (504, "Timeout", DeadlineExceeded, "timeout"),
    ],
)
def test_a_refusal_has_its_kind_and_the_servers_reason(serve, connected, status, reason, kind, code):
    client = Client(connected(serve(lambda _, reply: reply.refuse(status, reason))))
    with pytest.raises(kind) as raised:
        client.get(PODS, "n", "a")
    assert raised.value.code == code


def test_an_answer_of_a_proxy_is_a_failure_and_not_a_crash():
    error = failure_of(502, b"<html>bad gateway</html>", "7")
    assert isinstance(error, Unavailable)
    assert retry_after(error) == 7
    assert is_history_gone(failure_of(410, b"[]"))
    assert isinstance(failure_of(418, b'"teapot"'), Invalid)


def test_what_is_no_object_is_a_failure(serve, connected):
    client = Client(connected(serve(lambda _, reply: reply.send(200, ["not", "an", "object"]))))
    with pytest.raises(Failed):
        client.get(PODS, "n", "a")


def test_a_server_that_takes_the_connection_and_says_nothing_is_given_up(serve, connected):
    client = Client(connected(serve(lambda _, reply: reply.ended.wait(20))), write_seconds=0.3)
    with pytest.raises(DeadlineExceeded):
        client.create(PODS, pod("a", 1))


def test_a_server_that_is_not_there_is_unavailable(serve, connected):
    api = serve(lambda _, reply: None)
    client = Client(connected(api))
    api.stop()
    with pytest.raises(Unavailable) as raised:
        client.get(PODS, "n", "a")
    assert raised.value.code == "cluster_unreachable"


def test_no_write_leaves_once_the_guard_objects(serve, connected):
    api = serve(lambda _, reply: reply.send(200, pod("a", 1)))
    held = True

    def guard():
        if not held:
            raise Unavailable("the lease is lost", code="not_leading")

    client = Client(connected(api), guard=guard)
    client.apply(DEPLOYMENTS, pod("a", 1), manager="m", force=True)
    held = False
    for write in (
        lambda: client.apply(DEPLOYMENTS, pod("a", 1), manager="m", force=True),
        lambda: client.create(PODS, pod("a", 1)),
        lambda: client.replace(PODS, pod("a", 1)),
        lambda: client.delete(PODS, pod("a", 1)),
    ):
        with pytest.raises(Unavailable):
            write()
    assert [each.method for each in api.asked] == ["PATCH"]


def test_a_write_tells_the_server_its_own_time_limit(serve, connected):
    api = serve(lambda _, reply: reply.send(200, pod("a", 1)))
    Client(connected(api), write_seconds=5).apply(PODS, pod("a", 1), manager="m", force=False)
    assert api.asked[0].query == {"fieldManager": "m", "force": "false", "timeout": "5s"}


def test_without_any_credentials_it_says_so(tmp_path):
    with pytest.raises(Precondition) as raised:
        connect(tmp_path / "absent")
    assert raised.value.code == "no_cluster"


def test_the_bearer_token_of_the_kubeconfig_is_sent(serve, connected):
    seen = []

    def script(_, reply):
        seen.append(reply._handler.headers["Authorization"])
        reply.send(200, pod("a", 1))

    Client(connected(serve(script))).get(PODS, "n", "a")
    assert seen == ["Bearer t"]


def test_a_connection_that_breaks_is_an_error_of_the_platform(serve, connected):
    with pytest.raises(Unavailable) as raised:
        Client(connected(serve(lambda _, reply: reply.break_off()))).get(PODS, "n", "a")
    assert raised.value.code == "connection_lost"
