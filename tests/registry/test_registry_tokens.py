"""Tokens: made once, kept as hashes, revoked at once, and told of in the log of events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from databases import ON_BOTH_DATABASES
from guarded_registry import ADMIN, bearer, http_as, make_token, wait_for
from registry_process import Registry
from remains import rows_of
from sample_models import code_of, linear_model, put

from mlp.api.token import Scope

pytestmark = ON_BOTH_DATABASES


@pytest.fixture(scope="module")
def registry(guarded_registry: Registry) -> Registry:
    return guarded_registry


@pytest.fixture
def http(registry: Registry) -> Iterator[httpx.Client]:
    with http_as(registry, ADMIN) as http:
        yield http


def test_a_token_is_shown_once_and_kept_as_a_hash(registry: Registry, http: httpx.Client) -> None:
    made = http.post("/tokens", json={"name": "ci", "scope": "write", "expires_in": 3_600})
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    token = made.json()["token"]
    assert token.startswith("mlp_")
    assert len(token) == 47
    listed = http.get("/tokens").json()["items"]
    assert [each for each in listed if each["name"] == "ci"] == [
        {key: value for key, value in made.json().items() if key != "token"}
    ]
    (kept,) = rows_of(registry, "SELECT sha256, name FROM tokens WHERE name = 'ci'")
    assert kept == [(hashlib.sha256(token.encode()).hexdigest(), "ci")]
    for file in registry.data.rglob("*"):
        assert not file.is_file() or token.encode() not in file.read_bytes()


def test_whoami_tells_name_scope_and_end(http: httpx.Client) -> None:
    assert http.get("/whoami").json() == {"name": "registry-admin-token", "scope": "admin", "expires_at": None}
    token = make_token(http, "me@example.org", Scope.READ, expires_in=60)
    told = http.get("/whoami", headers=bearer(token)).json()
    assert (told["name"], told["scope"]) == ("me@example.org", "read")
    left = datetime.fromisoformat(told["expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=20) < left <= timedelta(seconds=60)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"name": "registry-admin-token"}, 422, "token_name_reserved"),
        ({"name": "anonymous"}, 422, "token_name_reserved"),
        ({"name": "a b"}, 422, "invalid_name"),
        ({"name": "a" * 65}, 422, "invalid_name"),
        ({"name": "a\n"}, 422, "invalid_name"),
        ({"scope": "root"}, 422, "invalid_request"),
        ({"scope": None}, 422, "invalid_request"),
        ({"expires_in": 0}, 422, "out_of_range"),
        ({"expires_in": -1}, 422, "out_of_range"),
        ({"expires_in": 2**40}, 422, "out_of_range"),
        ({"expires_in": 2**70}, 422, "out_of_range"),
        ({"expires_in": "1h"}, 422, "invalid_request"),
        ({"token": "mlp_" + "x" * 43}, 422, "invalid_request"),
    ],
)
def test_a_wrong_request_makes_no_token(http: httpx.Client, changes: dict, status: int, code: str) -> None:
    answer = http.post("/tokens", json={"name": "wrong", "scope": "read", **changes})
    assert (answer.status_code, code_of(answer)) == (status, code)


def test_a_name_is_given_once_and_free_again_after_a_revocation(http: httpx.Client) -> None:
    first = make_token(http, "twice", Scope.READ)
    again = http.post("/tokens", json={"name": "twice", "scope": "read"})
    assert (again.status_code, code_of(again)) == (409, "token_exists")
    assert http.delete("/tokens/twice").status_code == 204
    missing = http.delete("/tokens/twice")
    assert (missing.status_code, code_of(missing)) == (404, "token_not_found")
    second = make_token(http, "twice", Scope.READ)
    assert http.get("/models", headers=bearer(first)).status_code == 401
    assert http.get("/models", headers=bearer(second)).status_code == 200


def test_a_revoked_token_is_refused_at_once_where_it_was_revoked(http: httpx.Client) -> None:
    token = make_token(http, "leaver", Scope.ADMIN)
    assert http.get("/models", headers=bearer(token)).status_code == 200
    assert http.delete("/tokens/leaver", headers=bearer(token)).status_code == 204
    assert http.get("/models", headers=bearer(token)).status_code == 401


def test_tokens_are_listed_in_pages(http: httpx.Client) -> None:
    for number in range(5):
        make_token(http, f"page-{number}", Scope.READ)
    names, cursor = [], None
    while True:
        page = http.get("/tokens", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        names += [token["name"] for token in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert names == sorted(names)
    assert {f"page-{number}" for number in range(5)} <= set(names)


def test_the_last_use_of_a_token_is_known(http: httpx.Client) -> None:
    token = make_token(http, "used", Scope.READ)

    def last_use() -> str | None:
        return next(each["last_used_at"] for each in http.get("/tokens").json()["items"] if each["name"] == "used")

    assert last_use() is None
    assert http.get("/models", headers=bearer(token)).status_code == 200
    wait_for(last_use)


def test_the_name_of_the_token_stands_under_what_was_done_with_it(registry: Registry, http: httpx.Client) -> None:
    token = make_token(http, "pusher", Scope.WRITE)
    sample = linear_model(1)
    with http_as(registry, token) as pusher:
        upload = pusher.post("/models/signed/uploads", json=sample.document).json()["id"]
        version = put(pusher, "signed", upload, sample.onnx, **{"X-Request-Id": "the-push"}).json()
        assert pusher.get("/events").status_code == 403
    assert version["created_by"] == "pusher"
    assert registry.logged("the-push")["caller"] == "pusher"
    (event,) = http.get("/events", params={"model": "signed", "action": "version.created"}).json()["items"]
    assert (event["actor"], event["request_id"], event["version"]) == ("pusher", "the-push", 1)
    made = http.get("/events", params={"action": "token.created"}).json()["items"]
    assert [each["details"] for each in made if each["details"]["token"] == "pusher"] == [
        {"token": "pusher", "scope": "write", "expires_at": None}
    ]
