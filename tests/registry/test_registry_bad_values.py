"""Hostile values in every place that takes one: paths, queries, and each leaf of each document."""

from __future__ import annotations

import ctypes
import http.client
import json
import math
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from databases import ON_BOTH_DATABASES
from guarded_registry import ADMIN, bearer, http_as
from registry_process import Registry
from remains import remains_of
from sample_models import announce, code_of, linear_model, put

from mlp.registry.routes import ROUTERS

pytestmark = ON_BOTH_DATABASES

ROUTES = [(method, route) for router in ROUTERS for route in router.routes for method in sorted(route.methods)]
GOOD = {"name": "iris", "version": "1", "upload": "0" * 32, "alias": "production", "holder": "somebody", "webhook": "1"}
CANARY = "canary-that-nobody-opens"
NOWHERE = (
    "..",
    "..%2fcanary.txt",
    "%2e%2e%2f%2e%2e%2fcanary.txt",
    "%252e%252e%252fcanary.txt",
    "..%5c..%5ccanary.txt",
    "%2fetc%2fpasswd",
    "file:%2f%2f%2fetc%2fpasswd",
    "s3:%2f%2fother%2fkey",
    "iris%23fragment",
    "iris%3fredirect=1",
    "iris%20",
    "iris%00",
    "%ed%a0%80",
    "%ff%fe",
    "iris%0d%0aX-Evil:%201",
    "%1b%5b2J",
    "%3cscript%3e",
    "%e2%80%ae",
    "'%20OR%201=1--",
    "a" * 60_000,
)
"""What is no name, version or upload, as it stands in a path or a query."""


@pytest.fixture(scope="module")
def registry(guarded_registry: Registry) -> Registry:
    """A registry with one version, and a file beside its data that it has no business with."""
    (guarded_registry.data.parent / "canary.txt").write_text(CANARY, "ascii")
    sample = linear_model()
    with http_as(guarded_registry, ADMIN) as http:
        put(http, "iris", announce(http, "iris", sample).json()["id"], sample.onnx).raise_for_status()
    return guarded_registry


@pytest.fixture
def http_client(registry: Registry) -> Iterator[httpx.Client]:
    with http_as(registry, ADMIN) as client:
        yield client


class Answer(NamedTuple):
    method: str
    status: int
    headers: http.client.HTTPMessage
    text: str


@contextmanager
def asking(registry: Registry) -> Iterator[Any]:
    """Ask for a target exactly as it is written: other clients tidy it first."""
    connection = http.client.HTTPConnection("127.0.0.1", registry.port(), timeout=30)

    def ask(method: str, target: str) -> Answer:
        connection.putrequest(method, target, skip_accept_encoding=True)
        connection.putheader("Authorization", bearer(ADMIN)["Authorization"])
        if method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", "2")
            connection.putheader("Content-Type", "application/json")
        connection.endheaders(b"{}" if method in ("POST", "PUT", "PATCH") else None)
        answer = connection.getresponse()
        return Answer(method, answer.status, answer.headers, answer.read().decode())

    try:
        yield ask
    finally:
        connection.close()


def check_refusal(answer: Answer, statuses: set[int]) -> None:
    assert answer.status in statuses, answer
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-evil"] is None
    assert len(answer.text) < 2_000
    if answer.method == "HEAD":
        assert answer.text == ""
        return
    error = json.loads(answer.text)["error"]
    assert re.fullmatch("[a-z_]+", error["code"])
    assert CANARY not in answer.text
    assert "<script>" not in answer.text


@contextmanager
def unopened(path: Path) -> Iterator[None]:
    """Fail if anybody opens `path` meanwhile (inotify)."""
    libc, opened = ctypes.CDLL(None, use_errno=True), 0x20
    watch = libc.inotify_init1(os.O_NONBLOCK)
    try:
        assert libc.inotify_add_watch(watch, os.fsencode(path), opened) > 0
        yield
        with pytest.raises(BlockingIOError):
            os.read(watch, 4_096)
    finally:
        os.close(watch)


def test_what_is_no_name_leads_nowhere_in_any_place_of_any_path(registry: Registry) -> None:
    before = remains_of(registry)
    asked = 0
    with unopened(registry.data.parent / "canary.txt"), asking(registry) as ask:
        for method, route in ROUTES:
            for place in (parameter.name for parameter in route.dependant.path_params):
                for value in NOWHERE:
                    check_refusal(ask(method, route.path.format_map(GOOD | {place: value})), {404, 405, 415, 422})
                    asked += 1
    assert asked > 20 * len(NOWHERE)
    assert remains_of(registry) == before


def queries_of(route: Any) -> list[str]:
    parts = (route.dependant, *route.dependant.dependencies)
    return [parameter.alias for part in parts for parameter in part.query_params]


def test_what_is_no_value_leads_nowhere_in_any_query(registry: Registry) -> None:
    before = remains_of(registry)
    asked = 0
    with unopened(registry.data.parent / "canary.txt"), asking(registry) as ask:
        for method, route in ROUTES:
            for name in queries_of(route):
                for value in NOWHERE:
                    answer = ask(method, f"{route.path.format_map(GOOD)}?{name}={value}")
                    asked += 1
                    # These are texts: some of it is looked for, and not found.
                    if answer.status == 200 and name in ("search", "tag"):
                        assert json.loads(answer.text) == {"items": [], "next": None}
                    else:
                        check_refusal(answer, {404, 422})
    assert asked > 10 * len(NOWHERE)
    assert remains_of(registry) == before


def test_a_path_that_was_encoded_twice_is_decoded_once(registry: Registry) -> None:
    with asking(registry) as ask:
        assert ask("GET", "/models/%69ris").status == 200
        assert ask("GET", "/models/%2569ris").status == 422
        assert ask("GET", "/%6dodels/iris").status == 200
        plain = ask("GET", "/models/iris").text
        assert ask("GET", "/models/iris#/../../canary.txt").text == plain  # what follows is not of the path


@contextmanager
def listener() -> Iterator[tuple[str, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield f"http://127.0.0.1:{server.getsockname()[1]}/model.onnx", server


def test_no_address_that_a_client_names_is_ever_called(registry: Registry, http_client: httpx.Client) -> None:
    with listener() as (url, server):
        document = linear_model(977).document
        for field in ("source_url", "url", "uri", "path", "source", "callback", "storage"):
            for place in (document, document["manifest"], document["manifest"]["receipt"]):
                place[field], kept = url, place.get(field)
                answer = http_client.post("/models/iris/uploads", json=document)
                assert (answer.status_code, code_of(answer)) == (422, "invalid_request")
                place.pop(field) if kept is None else place.update({field: kept})
        document["manifest"] |= {"description": url, "params": {"url": url}, "tags": {"url": url}}
        document["manifest"]["source"]["framework"] = url
        headers = dict.fromkeys(("Referer", "X-Forwarded-Host", "X-Original-URL", "Origin", "From"), url)
        upload = http_client.post("/models/called/uploads", json=document, headers=headers)
        assert put(http_client, "called", upload.json()["id"], linear_model(977).onnx, **headers).status_code == 201
        assert http_client.get("/models/called/versions/1/artifact?redirect=1", headers=headers).status_code == 200
        with asking(registry) as ask:
            ask("GET", url)
        with pytest.raises(BlockingIOError):
            server.accept()


DOCUMENTS: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/models"): {"name": "leaf", "description": "d", "tags": {"team": "risk"}},
    ("PATCH", "/models/{name}"): {"description": "d", "tags": {"team": "risk"}},
    ("POST", "/models/{name}/uploads"): linear_model(3).document,
    ("PATCH", "/models/{name}/versions/{version}"): {"description": "d", "tags": {"a": "b"}, "metrics": {"r2": 0.5}},
    ("PUT", "/models/{name}/aliases/{alias}"): {"version": 1, "expected": 1},
    ("POST", "/tokens"): {"name": "leaf", "scope": "read", "expires_in": 60},
    ("POST", "/webhooks"): {"url": "http://x.test/", "events": ["alias.set"], "secret": f"whsec_{'A' * 43}="},
    ("POST", "/gc"): {"dry_run": True, "grace_seconds": 60},
}
"""A good document for each route that takes one."""
REFUSED = {
    "NaN": {"invalid_json"},
    "1e400": {"out_of_range"},
    str(2**63): {"out_of_range"},
    str(-(2**63) - 1): {"out_of_range"},
    "9" * 5_000: {"out_of_range"},
    r'"a\u0000b"': {"invalid_string"},
    r'"\ud800"': {"invalid_string"},
    r'"\udc00\ud800"': {"invalid_string"},
    r'"\u001b[2J"': {"invalid_string"},
    "[" * 1_000 + "]" * 1_000: {"too_deep"},
    '{"a": 1, "a": 2}': {"duplicate_key"},
    '{"unknown": {"unknown": 1}}': {"invalid_request", "invalid_name"},
}
"""What no document holds in any place."""


def leaves(value: Any, *place: str | int) -> Iterator[tuple[str | int, ...]]:
    """The place of each value in a document, and of one in each list."""
    yield place
    if isinstance(value, dict):
        for name in value:
            yield from leaves(value[name], *place, name)
    elif isinstance(value, list) and value:
        yield from leaves(value[0], *place, 0)


def with_leaf(document: Any, place: tuple[str | int, ...], text: str) -> bytes:
    """The document with JSON of ours, however wrong, in one place."""
    whole = json.loads(json.dumps({"root": document}))
    inner = whole
    for part in ("root", *place)[:-1]:
        inner = inner[part]
    inner[("root", *place)[-1]] = "HERE"
    return json.dumps(whole["root"]).replace('"HERE"', text).encode()


@pytest.mark.parametrize(("method", "path"), [(method, route.path) for method, route in ROUTES if route.body_field])
def test_what_no_document_holds_is_refused_in_each_place(
    registry: Registry, http_client: httpx.Client, method: str, path: str
) -> None:
    before = remains_of(registry)
    for place in leaves(DOCUMENTS[method, path]):
        for text, codes in REFUSED.items():
            body = with_leaf(DOCUMENTS[method, path], place, text)
            headers = {"Content-Type": "application/json"}
            answer = http_client.request(method, path.format_map(GOOD), content=body, headers=headers)
            assert answer.status_code in (400, 422), (place, text[:20], answer.text)
            assert code_of(answer) in codes, (place, text[:20], answer.text)
    assert remains_of(registry) == before


@pytest.mark.parametrize("value", [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.0, 2**53 + 1, 2**63 - 1, -(2**63)])
def test_every_finite_number_is_kept_as_it_is(http_client: httpx.Client, value: float) -> None:
    http_client.post("/models", json={"name": "numbers"})
    sample = linear_model(5)
    upload = announce(http_client, "numbers", sample).json()
    if upload["version"] is None:
        put(http_client, "numbers", upload["id"], sample.onnx).raise_for_status()
    changed = http_client.patch("/models/numbers/versions/1", json={"metrics": {"value": value}})
    for answer in (changed, http_client.get("/models/numbers/versions/1")):
        kept = answer.json(parse_constant=lambda text: pytest.fail(f"{text} is not JSON"))["metrics"]["value"]
        assert kept == float(value)
        assert math.copysign(1, kept) == math.copysign(1, value)


LAST = 2**31 - 1
"""The highest number that a version can have."""


@pytest.mark.parametrize(
    ("method", "target", "document", "expected"),
    [
        ("GET", f"/models/iris/versions/{LAST}", None, (404, "version_not_found")),
        ("GET", f"/models/iris/versions/{LAST + 1}", None, (422, "out_of_range")),
        ("GET", f"/models/iris/versions/{2**63}", None, (422, "out_of_range")),
        ("GET", f"/models/iris/versions/-{2**63}", None, (422, "out_of_range")),
        ("DELETE", f"/models/iris/versions/{LAST}", None, (404, "version_not_found")),
        ("PUT", f"/models/iris/versions/{LAST}/uses/somebody", None, (404, "version_not_found")),
        ("GET", f"/models/iris/versions?cursor={LAST}", None, (200, None)),
        ("GET", f"/models/iris/versions?cursor={2**63 - 1}", None, (422, "out_of_range")),
        ("GET", "/models/iris/versions?limit=1001", None, (422, "out_of_range")),
        ("GET", f"/events?cursor={2**63 - 1}", None, (200, None)),
        ("GET", f"/events?cursor={2**63}", None, (422, "out_of_range")),
        ("GET", f"/models/iris/aliases/production/history?cursor={2**32}", None, (422, "out_of_range")),
        ("GET", "/models/iris/versions?filter=version%20%3D%20" + "9" * 40, None, (422, "invalid_filter")),
        ("GET", "/models/iris/versions?filter=metrics.a%20%3E%201e999", None, (422, "invalid_filter")),
        ("PUT", "/models/iris/aliases/edge", {"version": LAST}, (404, "version_not_found")),
        ("PUT", "/models/iris/aliases/edge", {"version": LAST + 1}, (422, "out_of_range")),
        ("PUT", "/models/iris/aliases/edge", {"version": 1, "expected": LAST}, (409, "stale")),
        ("PUT", "/models/iris/aliases/edge", {"version": 1, "expected": 2**63 - 1}, (422, "out_of_range")),
        ("DELETE", f"/models/iris/aliases/edge?expected={LAST + 1}", None, (422, "out_of_range")),
        ("POST", "/models/iris/uploads", {**linear_model(4).document, "size": 2**63 - 1}, (413, "payload_too_large")),
        ("POST", "/models/iris/uploads", {**linear_model(4).document, "size": 2**63}, (422, "out_of_range")),
        ("POST", "/tokens", {"name": "edge", "scope": "read", "expires_in": 2**63 - 1}, (422, "out_of_range")),
        ("POST", "/gc", {"grace_seconds": 2**63 - 1}, (422, "out_of_range")),
    ],
)
def test_a_number_at_the_edge_means_the_same_on_each_database(
    http_client: httpx.Client, method: str, target: str, document: Any, expected: tuple[int, str | None]
) -> None:
    answer = http_client.request(method, target, json=document)
    assert (answer.status_code, None if answer.status_code == 200 else code_of(answer)) == expected


def test_the_longest_names_and_each_case_are_kept_apart(http_client: httpx.Client) -> None:
    name, alias, holder, key = "m" * 50, "a" * 50, "h" * 253, "k" * 64
    sample = linear_model(6)
    put(http_client, name, announce(http_client, name, sample).json()["id"], sample.onnx).raise_for_status()
    assert http_client.put(f"/models/{name}/aliases/{alias}", json={"version": 1}).status_code == 201
    assert http_client.put(f"/models/{name}/versions/1/uses/{holder}").status_code == 201
    words = {"description": "\U0001f600" * 4_096, "tags": {key: "\U0001f600" * 256, "Team": "A", "team": "a"}}
    assert http_client.patch(f"/models/{name}", json=words).status_code == 200
    kept = http_client.get(f"/models/{name}").json()
    assert (kept["description"], kept["tags"]) == (words["description"], words["tags"])
    assert http_client.get("/models", params={"tag": "Team=A"}).json()["items"]
    assert not http_client.get("/models", params={"tag": "Team=a"}).json()["items"]
    for token in ("Edge", "edge", "E" * 64):
        assert http_client.post("/tokens", json={"name": token, "scope": "read"}).status_code == 201
    assert http_client.delete("/tokens/EDGE").status_code == 404
    listed = [each["name"] for each in http_client.get("/tokens").json()["items"]]
    assert listed == sorted(listed)
