"""The server as HTTP clients meet it: paths, methods, media types, sizes, ids, and bytes that are no HTTP."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess

import pytest
from served_models import SETOSA

BODY = json.dumps({"features": [SETOSA]}).encode()
LIMIT = 100_000  # of the servers that all tests share


def exchange(port: int, sent: bytes) -> bytes:
    """Send bytes as they are; return all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
    return received


def document(received: bytes) -> dict:
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head.lower()
    return json.loads(body)["error"]


@pytest.mark.parametrize("path", ["/", "/predict/", "/predictions", "/v1/predict", "/metrics/x", "/%2e%2e/etc/passwd"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_an_unknown_path_is_answered_with_the_known_ones(iris_server, method, path):
    answer = iris_server.http.request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_path")
    assert "/predict" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/predict", "POST"),
        ("PUT", "/predict", "POST"),
        ("OPTIONS", "/predict", "POST"),
        ("POST", "/health", "GET, HEAD"),
        ("DELETE", "/metadata", "GET, HEAD"),
        ("OPTIONS", "/metrics", "GET, HEAD"),
        ("PATCH", "/openapi.json", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_answered_with_the_right_ones(iris_server, method, path, allowed):
    answer = iris_server.http.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["error"]["code"] == "method_not_allowed"


def test_head_is_answered_with_the_head_that_get_would_get(iris_server):
    for path in ("/health", "/ready", "/metadata", "/openapi.json"):
        head, get = iris_server.http.head(path), iris_server.http.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == get.headers["content-length"]
    assert iris_server.http.head("/predict").status_code == 405


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'Application/JSON; charset="utf-8"',
        "application/vnd.api+json",
        "application/x-www-form-urlencoded",
        None,
    ],
)
def test_json_is_taken_under_the_types_that_people_send_it_with(iris_server, media_type):
    headers = {} if media_type is None else {"content-type": media_type}
    assert iris_server.http.post("/predict", content=BODY, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"content-type": "text/plain"}, "unsupported_media_type"),
        ({"content-type": "multipart/form-data; boundary=x"}, "unsupported_media_type"),
        ({"content-type": "application/octet-stream"}, "unsupported_media_type"),
        ({"content-type": "application/json; charset=latin-1"}, "unsupported_media_type"),
        ({"content-type": "application/json", "content-encoding": "gzip"}, "encoding_unsupported"),
    ],
)
def test_other_bodies_are_refused(iris_server, headers, code):
    answer = iris_server.http.post("/predict", content=BODY, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, code)


def test_what_a_person_types_with_curl_works(iris_server):
    url = f"{iris_server.url}/predict"
    ran = subprocess.run(["curl", "-sS", "-d", BODY.decode(), url], capture_output=True, check=True)
    assert json.loads(ran.stdout)["predictions"] == ["setosa"]


def test_a_batch_of_a_thousand_rows_of_thirty_features_fits_into_the_default_limit():
    from mlp.inference.settings import Settings

    batch = {"features": [[-0.123456789012345678] * 30] * 1_000}
    assert len(json.dumps(batch)) < Settings.model_fields["max_body_bytes"].default


def test_a_body_at_the_limit_is_read_and_one_byte_more_is_not(iris_server):
    at_limit = BODY + b" " * (LIMIT - len(BODY))
    headers = {"content-type": "application/json"}
    assert iris_server.http.post("/predict", content=at_limit, headers=headers).status_code == 200
    refused = iris_server.http.post("/predict", content=at_limit + b" ", headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "payload_too_large")
    assert refused.json()["error"]["details"] == {"max_body_bytes": LIMIT}


def test_a_body_declared_too_large_is_refused_before_it_is_sent(iris_server):
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999999\r\n\r\n"
    received = exchange(iris_server.port, head)
    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in received
    assert document(received)["code"] == "payload_too_large"


def test_of_an_endless_chunked_body_no_more_is_read_than_the_limit(iris_server):
    connection = http.client.HTTPConnection("127.0.0.1", iris_server.port, timeout=20)
    connection.putrequest("POST", "/predict")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    chunk = b"%x\r\n%b\r\n" % (50_000, b" " * 50_000)
    sent = 0
    try:
        while sent < 100 * LIMIT:
            connection.send(chunk)
            sent += 50_000
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert sent < 100 * LIMIT, "the server read on and on"
    connection.close()


def test_a_chunked_body_within_the_limit_is_read(iris_server):
    answer = iris_server.http.post(
        "/predict", content=(bytes([byte]) for byte in BODY), headers={"content-type": "application/json"}
    )
    assert answer.json()["predictions"] == ["setosa"]


def test_a_caller_that_hangs_up_within_its_body_leaves_no_trace(iris_server):
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", iris_server.port)) as connection:
            connection.sendall(head)
    assert iris_server.predict(features=[SETOSA]).status_code == 200
    assert not [line for line in iris_server.log() if line["level"] == "error"]


@pytest.mark.parametrize(
    "sent",
    [
        b"HELLO\r\n\r\n",
        b"BREW /predict HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /h\xe9alth HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"CONNECT evil.example:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_bytes_that_are_no_http_are_answered_with_an_error_document(iris_server, sent):
    received = exchange(iris_server.port, sent)
    assert received.startswith(b"HTTP/1.1 400 ")
    assert document(received)["code"] == "invalid_http"


def test_a_websocket_upgrade_is_answered_as_the_request_that_it_is(iris_server):
    answer = iris_server.http.get("/health", headers={"connection": "upgrade", "upgrade": "websocket"})
    assert answer.json() == {"status": "ok"}


@pytest.mark.parametrize("chunked", [False, True])
def test_a_request_that_offers_http_2_keeps_its_body_and_its_connection(iris_server, chunked):
    """As `curl --http2` and Java's client send it."""
    offer = b"Host: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    framed = b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
    if chunked:
        framed = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    first = b"POST /predict HTTP/1.1\r\n%b%b" % (offer, framed)
    last = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", iris_server.port), timeout=20) as connection:
        for part in (first[:60], first[60:-9], first[-9:] + first + last):
            connection.sendall(part)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert received.count(b"HTTP/1.1 200 OK") == 3
    assert received.count(b'"predictions":["setosa"]') == 2


def test_bodies_above_what_all_may_hold_together_can_be_allowed():
    from mlp.inference.settings import Settings

    limits = Settings(model_file="m", manifest_file="m", max_body_bytes=150_000_000).limits
    assert limits.buffered_bytes >= limits.body_bytes == 150_000_000


def test_a_sane_request_id_is_kept_and_any_other_is_replaced(iris_server):
    get = iris_server.http.get
    assert get("/health", headers={"x-request-id": "abc-123.DEF"}).headers["x-request-id"] == "abc-123.DEF"
    for bad in ("", "a b", 'a"b', "<script>", "x" * 129):
        assert get("/health", headers={"x-request-id": bad}).headers["x-request-id"] not in (bad, bad.strip())
    given = {get("/health").headers["x-request-id"] for _ in range(50)}
    assert len(given) == 50


def test_a_connection_is_kept_over_good_and_bad_requests(iris_server):
    connection = http.client.HTTPConnection("127.0.0.1", iris_server.port, timeout=20)
    requests = [
        ("POST", "/predict", BODY),
        ("POST", "/predict", b"{}"),
        ("POST", "/nowhere", BODY),
        ("PUT", "/predict", BODY),
    ]
    local = None
    for method, path, body in requests * 3:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        assert answer.getheader("connection") is None
        local = local or connection.sock.getsockname()
        assert connection.sock.getsockname() == local
    connection.close()
