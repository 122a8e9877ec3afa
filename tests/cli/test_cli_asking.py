"""The connection to a model server: kept, closed meanwhile, broken, refused, silent."""

from __future__ import annotations

import socket
import threading

import pytest

from mlp.client.plain import PlainClient
from mlp.errors import DeadlineExceeded, Invalid, MlpError, Unavailable

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def heads():
    """The heads of the requests that came."""
    return []


@pytest.fixture
def serve(heads):
    """Answers each connection with the next list of answers, one a request, and closes it then."""
    opened = []

    def start(*connections):
        listener = socket.create_server(("127.0.0.1", 0))
        opened.append(listener)

        def run():
            for answers in connections:
                peer, _ = listener.accept()
                with peer:
                    for answer in answers:
                        heads.append(peer.recv(65_536).decode())
                        peer.sendall(answer)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        opened.append(thread)
        return f"http://127.0.0.1:{listener.getsockname()[1]}/base"

    yield start
    for each in opened:
        each.close() if isinstance(each, socket.socket) else each.join(10)


def client_of(url, timeout=10.0):
    return PlainClient("the server", url, headers={"X-API-Key": "k"}, timeout=timeout)


def test_a_connection_is_kept_and_one_that_was_closed_meanwhile_is_made_again(serve):
    client = client_of(serve([OK, OK], [OK]))
    assert [client.request("GET", "/a"), client.request("POST", "/b", b"{}"), client.request("GET", "/c")] == [
        b"ok"
    ] * 3
    client.close()


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([], "connection_lost"),
        ([OK.replace(b"2\r", b"9\r")], "connection_lost"),
        ([b"nonsense\r\n\r\n"], "connection_lost"),
    ],
)
def test_a_new_connection_that_breaks_is_lost(serve, answers, code):
    with pytest.raises(Unavailable) as caught:
        client_of(serve(answers)).request("GET", "/")
    assert caught.value.code == code


def test_a_refusal_says_what_the_server_said(serve):
    body = b'{"error": {"code": "wrong_type", "message": "no", "details": {"row": 1}}}'
    head = b"HTTP/1.1 422 No\r\nContent-Length: %d\r\n\r\n" % len(body)
    client = client_of(serve([head + body]))
    with pytest.raises(Invalid) as caught:
        client.request("POST", "/predict", b"{}")
    assert (caught.value.code, caught.value.details["row"]) == ("wrong_type", 1)
    client.close()


def test_nobody_there_and_nobody_answering_are_two_things(serve):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(DeadlineExceeded):
            client_of(f"http://127.0.0.1:{port}", timeout=0.05).request("GET", "/")
    with pytest.raises(Unavailable) as caught:
        client_of(f"http://127.0.0.1:{port}").request("GET", "/")
    assert caught.value.code == "connection_refused"


@pytest.mark.parametrize("url", ["ftp://x", "", "http://", "/a", "http://a:port", "http://[a"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(MlpError):
        client_of(url)


def test_a_name_and_a_password_in_an_address_are_shown_to_the_server(serve, heads):
    url = serve([OK]).replace("//", "//ann:s%20t@")
    client = PlainClient("the server", url, headers={}, timeout=10)
    client.request("GET", "/a")
    client.close()
    assert "Authorization: Basic YW5uOnMgdA==" in heads[0]


def test_a_proxy_is_asked_for_the_whole_address_and_an_exception_is_not(serve, heads, monkeypatch):
    monkeypatch.setenv("http_proxy", serve([OK]).replace("//", "//ann:s@").removesuffix("/base"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    far = PlainClient("the server", "http://models.example:81/base", headers={}, timeout=10, proxied=True)
    near = PlainClient("the server", serve([OK]), headers={}, timeout=10, proxied=True)
    for client in (far, near):
        assert client.request("GET", "/a") == b"ok"
        client.close()
    assert heads[0].startswith("GET http://models.example:81/base/a HTTP/1.1\r\nHost: models.example:81\r\n")
    assert "Proxy-Authorization: Basic YW5uOnM=" in heads[0]
    assert heads[1].startswith("GET /base/a HTTP/1.1")


def test_a_proxy_opens_a_tunnel_to_a_server_with_a_certificate(serve, heads, monkeypatch):
    monkeypatch.setenv("https_proxy", serve([b"HTTP/1.1 403 No\r\n\r\n"]).removesuffix("/base"))
    client = PlainClient("the server", "https://models.example/base", headers={}, timeout=10, proxied=True)
    with pytest.raises(Unavailable):
        client.request("GET", "/a")
    assert heads[0].startswith("CONNECT models.example:443 HTTP/1.")
