"""What clients get wrong, by mistake or on purpose: always a 4xx, always the error document, never their own words."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import httpx
import pytest
from databases import ON_BOTH_DATABASES
from registry_process import Registry
from sample_models import announce, code_of, linear_model, put

pytestmark = ON_BOTH_DATABASES

SECRET = "correct-horse-battery"
JSON = {"Content-Type": "application/json"}
BIG = 2**63


def upload_body(**changes: object) -> bytes:
    return json.dumps({**linear_model().document, **changes}).encode()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b'{"name": "ok"} trailing', 400, "invalid_json"),
        (b'\xef\xbb\xbf{"name": "ok"}', 400, "invalid_json"),
        (b'{"name": "\xff"}', 400, "invalid_json"),
        (b'{"name": NaN}', 400, "invalid_json"),
        (b'{"name": -Infinity}', 400, "invalid_json"),
        (b'{"name": "a", "name": "b"}', 400, "duplicate_key"),
        (b"[" * 40 + b"]" * 40, 400, "too_deep"),
        (b"[" * 1_000_000, 400, "too_deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, "too_deep"),
        (b'{"name": 1e400}', 422, "out_of_range"),
        (b'{"name": %d}' % BIG, 422, "out_of_range"),
        (b'{"name": -%d}' % (BIG + 1), 422, "out_of_range"),
        (b'{"name": ' + b"9" * 5_000 + b"}", 422, "out_of_range"),
        (b'{"name": "\\ud800"}', 422, "invalid_string"),
        (b'{"\\udfff": 1}', 422, "invalid_string"),
        (b'{"name": "a\\u0000b"}', 422, "invalid_string"),
        (b'{"name": "ok", "description": "\\u001b[31m"}', 422, "invalid_string"),
        (b'{"name": "ok", "tags": [' + b"0," * 10_000 + b"0]}", 422, "too_many_items"),
        (b"[]", 422, "invalid_request"),
        (b"null", 422, "invalid_request"),
        (b"{}", 422, "invalid_name"),
        (b'{"name": "ok", "unknown": 1}', 422, "invalid_request"),
        (b'{"name": "ok", "tags": {"a": true}}', 422, "invalid_request"),
        (b'{"name": "' + b"a" * 1_000_000 + b'"}', 422, "invalid_name"),
        (b'{"name": "ok", "description": "' + b"a" * 5_000_000 + b'"}', 413, "payload_too_large"),
    ],
)
def test_a_body_that_is_no_document_is_refused(http: httpx.Client, body: bytes, status: int, code: str) -> None:
    answer = http.post("/models", content=body, headers=JSON)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert len(answer.content) < 4_000


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "../etc",
        "a/b",
        "a\\b",
        "A",
        "1a",
        "a-",
        "a" * 51,
        "a\n",
        "file:///etc/passwd",
        "a#b",
        "é",
        "a b",
        "%2e",
        "",
    ],
)
def test_what_is_no_name_names_nothing(registry: Registry, http: httpx.Client, name: str) -> None:
    assert code_of(http.post("/models", json={"name": name})) == "invalid_name"
    before = sorted(path for path in registry.data.parent.rglob("*") if path.is_dir())
    with socket.create_connection(("127.0.0.1", registry.port())) as raw:
        quoted = "".join(f"%{byte:02x}" for byte in name.encode())
        raw.sendall(f"DELETE /models/{quoted} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65_536), b""))
    assert answer.split()[1] in (b"404", b"405", b"422")
    assert b"application/json" in answer
    assert sorted(path for path in registry.data.parent.rglob("*") if path.is_dir()) == before


@pytest.mark.parametrize(
    "path",
    [
        "/models/..%2f..%2fetc%2fpasswd",
        "/models/%252e%252e%252fetc",
        "/models/iris/versions/1/artifact/../../../../etc/passwd",
        "/models/iris/versions/%2e%2e",
        "/models/iris/",
        "/nothing",
        "//models",
        "/docs",
    ],
)
def test_paths_lead_nowhere_else(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code in (404, 422)
    assert code_of(answer) in ("not_found", "invalid_name", "invalid_request", "model_not_found")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/models/iris/versions/0", 422),
        ("/models/iris/versions/-1", 422),
        (f"/models/iris/versions/{BIG}", 422),
        ("/models/iris/versions/" + "9" * 5_000, 422),
        ("/models/iris/versions/1.5", 422),
        ("/models/iris/versions/one", 422),
        ("/models?limit=0", 422),
        (f"/models?limit={BIG}", 422),
        ("/models?limit=" + "9" * 5_000, 422),
        ("/models?limit=true", 422),
        ("/models?search=%00", 422),
        ("/models?search=%ff", 422),
        ("/models?search=" + "a" * 10_000, 422),
        ("/models?tag=a%00=b", 422),
        ("/models?tag='%20or%201=1", 422),
        ("/models?cursor=../x", 422),
        ("/models/iris/versions?cursor=0", 422),
    ],
)
def test_a_parameter_outside_its_range_is_refused(http: httpx.Client, path: str, status: int) -> None:
    answer = http.get(path)
    assert answer.status_code == status
    assert code_of(answer) in ("invalid_request", "out_of_range")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/models", "GET, POST"),
        ("POST", "/models/iris", "DELETE, GET, PATCH"),
        ("DELETE", "/health", "GET"),
        ("GET", "/models/iris/uploads", "POST"),
        ("OPTIONS", "/models", "GET, POST"),
        ("TRACE", "/ready", "GET"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(http: httpx.Client, method: str, path: str, allowed: str) -> None:
    answer = http.request(method, path)
    assert (answer.status_code, code_of(answer)) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Content-Type": "text/plain"}, "unsupported_media_type"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, "unsupported_media_type"),
        ({}, "unsupported_media_type"),
        ({**JSON, "Content-Encoding": "gzip"}, "encoding_unsupported"),
    ],
)
def test_a_body_of_another_kind_is_refused(http: httpx.Client, headers: dict[str, str], code: str) -> None:
    answer = http.post("/models", content=b'{"name": "ok"}', headers=headers)
    assert (answer.status_code, code_of(answer)) == (415, code)


@pytest.mark.parametrize("headers", [{"Content-Type": "application/x-tar"}, {"Content-Encoding": "gzip"}])
def test_model_bytes_travel_as_they_are(http: httpx.Client, headers: dict[str, str]) -> None:
    sample = linear_model(401)
    upload = announce(http, "plain-bytes", sample).json()["id"]
    assert put(http, "plain-bytes", upload, sample.onnx, **headers).status_code == 415


@pytest.mark.parametrize(
    "changes",
    [
        {"size": 0},
        {"size": "12"},
        {"size": True},
        {"size": 1.5},
        {"sha256": "../../etc/passwd"},
        {"sha256": "A" * 64},
        {"source_url": "http://169.254.169.254/"},
        {"manifest": None},
    ],
)
def test_an_announcement_must_be_exact(http: httpx.Client, changes: dict[str, object]) -> None:
    answer = http.post("/models/exact/uploads", content=upload_body(**changes), headers=JSON)
    assert answer.status_code == 422
    assert code_of(answer) == ("out_of_range" if changes == {"size": 0} else "invalid_request")


@pytest.mark.parametrize("value", ["0.9", True, None, [1.0]])
def test_a_metric_is_a_number(http: httpx.Client, value: object) -> None:
    document = linear_model().document
    document["manifest"]["metrics"] = {"accuracy": value}
    assert code_of(http.post("/models/metric/uploads", json=document)) == "invalid_request"


def test_a_refusal_does_not_repeat_what_it_refuses(registry: Registry, http: httpx.Client) -> None:
    bodies = [
        json.dumps({"name": SECRET.upper(), "tags": {"a": [SECRET]}}).encode(),
        upload_body(sha256=SECRET),
        f'{{"name": NaN, "description": "{SECRET}"}}'.encode(),
        f'{{"name": "{SECRET}'.encode(),
    ]
    for body in bodies:
        for path in ("/models", "/models/iris/uploads"):
            answer = http.post(path, content=body, headers=JSON)
            assert answer.status_code in (400, 422)
            assert SECRET not in answer.text
            assert SECRET.upper() not in answer.text
    assert SECRET not in registry.log()


def test_a_million_wrong_cells_are_refused_by_the_first(http: httpx.Client) -> None:
    document = linear_model().document
    document["manifest"]["receipt"]["golden"]["features"] = [[[]] * 9_999] * 100
    answer = http.post("/models/cells/uploads", json=document)
    assert (answer.status_code, code_of(answer)) == (422, "invalid_request")
    assert len(answer.json()["error"]["details"]["problems"]) <= 20


@pytest.mark.parametrize("key", ["", "k" * 129, "two words", "tab\tbed"])
def test_a_key_is_printable_and_short(http: httpx.Client, key: str) -> None:
    answer = announce(http, "key", linear_model(), **{"Idempotency-Key": key})
    assert (answer.status_code, code_of(answer)) == (422, "invalid_request")


def test_every_answer_names_its_request_and_its_type(http: httpx.Client) -> None:
    for path in ("/health", "/models", "/nothing", "/metrics"):
        answer = http.get(path, headers={"X-Request-Id": "abc-1"})
        assert answer.headers["x-request-id"] == "abc-1"
        assert answer.headers["x-content-type-options"] == "nosniff"
    strange = http.get("/health", headers={"X-Request-Id": "a b"}).headers["x-request-id"]
    assert len(strange) == 32


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\udc00\ud800", "a\x1b[2J", "\x85\x00", "\x7f"], ids=ascii)
def test_strings_that_no_database_keeps_are_refused_in_each_place(http: httpx.Client, text: str) -> None:
    http.post("/models", json={"name": "strings"})
    for document in (
        {"description": text},
        {"tags": {"a": text}},
        {"tags": {text: "a"}},
        {text: "a"},
    ):
        body = json.dumps(document).encode("ascii")
        for method, path in (("PATCH", "/models/strings"), ("POST", "/models"), ("POST", "/tokens")):
            answer = http.request(method, path, content=body, headers=JSON)
            assert (answer.status_code, code_of(answer)) == (422, "invalid_string")
    assert http.get("/models/strings").json()["description"] == ""


def test_strings_that_look_strange_are_kept_as_they_are(http: httpx.Client) -> None:
    text = "Ünïcödé \U0001f600 \u202e'; DROP TABLE models; -- %s {0} <script>\r\n\ttab"
    made = http.post("/models", json={"name": "strange", "description": text, "tags": {"t": text}})
    assert made.status_code == 201
    kept = http.get("/models/strange").json()
    assert (kept["description"], kept["tags"]) == (text, {"t": text})


def test_a_line_end_in_a_name_makes_no_line_of_the_log(registry: Registry, http: httpx.Client) -> None:
    lines = len(registry.log_lines())
    forged = "x%0d%0a%7b%22level%22:%22error%22%7d"
    for path in (f"/models/{forged}", f"/{forged}", f"/models?search={forged}"):
        assert http.get(path, headers={"X-Request-Id": "forging"}).status_code in (404, 422)
    assert registry.logged("forging")
    assert all("level" in line and line["level"] != "error" for line in registry.log_lines()[lines:])


def test_no_failure_left_a_traceback_or_a_path_behind(registry: Registry, http: httpx.Client) -> None:
    http.get("/models", headers={"X-Request-Id": "last"})
    assert registry.logged("last")["status"] == 200
    lines = registry.log_lines()
    assert not [line for line in lines if "traceback" in line]
    assert not [line for line in lines if line.get("status", 0) >= 500]
    assert http.get("/health").json() == {"state": "alive"}
    assert not list(Path(registry.data, "incoming").iterdir())
