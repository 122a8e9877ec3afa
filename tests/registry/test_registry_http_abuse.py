"""HTTP itself, bent: hidden requests, heads without end, bodies of other kinds, foreign hosts. No database is asked."""

from __future__ import annotations

import gzip
import importlib.util
import json
import socket

import httpx
import pytest
from registry_process import Registry
from sample_models import code_of

from mlp.registry.routes import ROUTERS

JSON = {"Content-Type": "application/json"}
ROUTES = [route for router in ROUTERS for route in router.routes]
VALUES = {
    "name": "nobody",
    "version": "1",
    "upload": "0" * 32,
    "alias": "production",
    "holder": "somebody",
    "webhook": "1",
}


def raw_answer(registry: Registry, sent: bytes) -> bytes:
    """What comes back until the connection is closed."""
    with socket.create_connection(("127.0.0.1", registry.port()), timeout=30) as raw:
        raw.sendall(sent)
        return b"".join(iter(lambda: raw.recv(65_536), b""))


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: +1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A : b\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: a\x00b\r\n\r\n",
        b"GET /mod\xe9ls HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_what_is_not_http_is_answered_in_json_and_closed(registry: Registry, request_bytes: bytes) -> None:
    head, _, body = raw_answer(registry, request_bytes).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["error"]["code"] == "invalid_http"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (b"Content-Length: 1\r\nContent-Length: 2", b"x"),
        (b"Content-Length: 6\r\nContent-Length: 6", b"abcdef"),
        (b"Content-Length: 3\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 3", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked, identity", b"0\r\n\r\n"),
        (b"Transfer-Encoding: xchunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked", b"5\r\nab\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: chunked", b"-1\r\n\r\n"),
        (b"Transfer-Encoding: chunked", b"ffffffffffffffffff\r\n"),
        (b"Transfer-Encoding: chunked", b"2\r\nabX0\r\n\r\n"),
        (b"Transfer-Encoding: chunked", b"2\nab\n0\n\n"),
    ],
)
def test_no_request_hides_in_the_body_of_another(registry: Registry, headers: bytes, body: bytes) -> None:
    """Whoever reads the end of a body differently than a proxy before us would serve a request that nobody checked."""
    hidden = b"GET /models?search=smuggled HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: smuggled\r\n\r\n"
    begin = b"POST /models HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    answer = raw_answer(registry, begin + headers + b"\r\n\r\n" + body + hidden)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"smuggled" not in answer
    assert b" 200 OK" not in answer
    assert not [line for line in registry.log_lines() if line.get("request_id") == "smuggled"]


@pytest.mark.parametrize(
    "head",
    [
        b"X-Long: " + b"a" * 100_000,
        b"X-Long: " + b"a" * 3_000_000,
        b"\r\n".join(b"X-%d: %s" % (number, b"a" * 50) for number in range(2_000)),
        b"X-Endless" * 100_000,
    ],
)
def test_headers_that_are_too_large_are_refused(registry: Registry, head: bytes) -> None:
    try:
        answer = raw_answer(registry, b"GET /models HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n\r\n")
    except (ConnectionResetError, BrokenPipeError):
        return  # it was closed while we were still sending
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"headers_too_large"' in answer


def test_a_path_that_is_too_long_is_refused(registry: Registry) -> None:
    answer = raw_answer(registry, b"GET /models/" + b"a" * 66_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/zip", b"PK\x03\x04" + bytes(200)),
        ("application/x-tar", bytes(257) + b"ustar" + bytes(250)),
        ("application/gzip", b"\x1f\x8b\x08" + bytes(100)),
        ("application/octet-stream", b"\x80\x04\x95" + bytes(100)),
        ("multipart/form-data; boundary=x", b"--x\r\n" * 10_000 + b"--x--"),
        ("application/x-www-form-urlencoded", b"name=ok&" * 10_000),
    ],
)
def test_forms_archives_and_pickles_are_no_documents(http: httpx.Client, kind: str, body: bytes) -> None:
    answer = http.post("/models", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, code_of(answer)) == (415, "unsupported_media_type")


def test_nothing_here_reads_forms() -> None:
    assert importlib.util.find_spec("multipart") is None
    assert importlib.util.find_spec("python_multipart") is None


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip"])
def test_encoded_bodies_are_refused_unread(http: httpx.Client, encoding: str) -> None:
    body = gzip.compress(b" " * 50_000_000)
    answer = http.post("/models", content=body, headers={**JSON, "Content-Encoding": encoding})
    assert (answer.status_code, code_of(answer)) == (415, "encoding_unsupported")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.", "", "[::2]"]
)
def test_a_foreign_host_is_not_served(registry: Registry, http: httpx.Client, host: str) -> None:
    answer = http.get("/models", headers={"Host": host})
    assert (answer.status_code, code_of(answer)) == (421, "misdirected")
    assert http.get("/models", headers={"Host": f"LOCALHOST:{registry.port()}"}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_no_page_of_another_origin_may_read_answers(http: httpx.Client, origin: str) -> None:
    asked = http.options("/models", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    got = http.get("/models", headers={"Origin": origin})
    for answer in (asked, got):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_each_route_takes_its_methods_and_no_other(http: httpx.Client) -> None:
    allowed: dict[str, set[str]] = {}
    for route in ROUTES:
        allowed.setdefault(route.path, set()).update(route.methods)
    assert len(allowed) > 15
    for path, methods in allowed.items():
        for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"} - methods:
            answer = http.request(method, path.format_map(VALUES))
            assert (answer.status_code, answer.headers["allow"]) == (405, ", ".join(sorted(methods))), (method, path)
            assert method == "HEAD" or code_of(answer) == "method_not_allowed"


@pytest.mark.parametrize("kind", ["text/plain", "application/jsonp", "application/xml", "application/json5", ""])
def test_each_route_with_a_document_takes_json_alone(http: httpx.Client, kind: str) -> None:
    for route in ROUTES:
        if route.body_field:
            path, (method,) = route.path.format_map(VALUES), route.methods
            answer = http.request(method, path, content=b"{}", headers={"Content-Type": kind})
            assert (answer.status_code, code_of(answer)) == (415, "unsupported_media_type"), path
