"""Who asks, and whether they may: every route, every kind of caller."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from databases import ON_BOTH_DATABASES
from fastapi import APIRouter
from guarded_registry import ADMIN, READ, bearer, http_as, make_token, wait_for
from registry_process import Registry
from sample_models import code_of

from mlp.api.token import Scope
from mlp.registry.access.guard import OPEN_PATHS
from mlp.registry.app import create_app
from mlp.registry.routes.route import DocumentRoute
from mlp.registry.settings import Settings

pytestmark = ON_BOTH_DATABASES

VALUES = {
    "name": "nobody",
    "version": "1",
    "upload": "0" * 32,
    "alias": "production",
    "holder": "somebody",
    "webhook": "1",
}


@pytest.fixture(scope="module")
def registry(guarded_registry: Registry) -> Registry:
    return guarded_registry


@pytest.fixture(scope="module")
def tokens(registry: Registry) -> dict[str, str]:
    """A token of every kind; those of files and those of the database."""
    with http_as(registry, ADMIN) as http:
        made = {kind: make_token(http, f"a-{kind}", Scope(kind)) for kind in Scope}
        made["expired"] = make_token(http, "an-expired", Scope.ADMIN, expires_in=1)
        made["revoked"] = make_token(http, "a-revoked", Scope.ADMIN)
        assert http.delete("/tokens/a-revoked").status_code == 204
        wait_for(lambda: http.get("/models", headers=bearer(made["expired"])).status_code == 401)
    return {**made, "read file": READ, "admin file": ADMIN, "wrong": "mlp_" + "x" * 43}


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    return list(create_app(Settings(data=tmp_path_factory.mktemp("routes"))).routes)


def every_request(routes: list[Any]) -> list[tuple[str, str, Scope | None]]:
    return [(method, route.path.format_map(VALUES), route.need) for route in routes for method in sorted(route.methods)]


def assert_refused(answer: httpx.Response, code: str) -> None:
    assert answer.status_code == 401, answer.request.url
    if answer.request.method != "HEAD":  # whose answers have no body
        assert code_of(answer) == code, answer.request.url


@pytest.mark.usefixtures("registry")
def test_every_route_declares_what_it_needs(routes: list[Any]) -> None:
    assert len(routes) > 15
    assert all(isinstance(route, DocumentRoute) for route in routes)
    assert {route.path for route in routes if route.need is None} == OPEN_PATHS
    with pytest.raises(TypeError, match="does not say which scope"):

        @APIRouter(route_class=DocumentRoute).get("/forgotten")
        async def forgotten() -> None: ...


def test_without_a_token_nothing_but_the_probes_answers(registry: Registry, routes: list[Any]) -> None:
    with http_as(registry, None) as http:
        for method, path, need in [*every_request(routes), ("GET", "/nothing", Scope.READ), ("PUT", "/", Scope.READ)]:
            answer = http.request(method, path)
            if need is None:
                assert answer.status_code == 200, path
                continue
            assert_refused(answer, "token_missing")
            assert answer.headers["www-authenticate"].startswith("Bearer ")
            if method != "HEAD":
                assert "Authorization: Bearer" in answer.json()["error"]["message"]
                assert "mlp token create" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer short",
        f"Bearer {ADMIN}x",
        f"Bearer {ADMIN} {ADMIN}",
        f"Basic {ADMIN}",
        ADMIN,
        "Bearer " + "a" * 5_000,
        f"Bearer {ADMIN}\xe9",
    ],
)
def test_a_wrong_token_opens_nothing(registry: Registry, routes: list[Any], header: str) -> None:
    with http_as(registry, None) as http:
        for method, path, need in every_request(routes):
            answer = http.request(method, path, headers={"Authorization": header.encode("latin-1")})
            if need is not None:
                assert_refused(answer, "token_invalid")
                assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_two_authorizations_are_none(registry: Registry) -> None:
    headers = [("Authorization", f"Bearer {ADMIN}"), ("Authorization", f"Bearer {ADMIN}")]
    assert httpx.get(f"{registry.url}/models", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("read", Scope.READ),
        ("read file", Scope.READ),
        ("write", Scope.WRITE),
        ("admin", Scope.ADMIN),
        ("admin file", Scope.ADMIN),
    ],
)
def test_a_scope_allows_what_it_covers_and_no_more(
    registry: Registry, routes: list[Any], tokens: dict[str, str], kind: str, scope: Scope
) -> None:
    with http_as(registry, tokens[kind]) as http:
        for method, path, need in every_request(routes):
            answer = http.request(method, path)
            if need is None or scope.covers(need):
                assert answer.status_code not in (401, 403), path
                continue
            assert (answer.status_code, code_of(answer)) == (403, "scope_insufficient"), path
            assert f'scope="{need}"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("kind", "code"), [("wrong", "token_invalid"), ("revoked", "token_invalid"), ("expired", "token_expired")]
)
def test_a_token_that_is_none_any_more_opens_nothing(
    registry: Registry, routes: list[Any], tokens: dict[str, str], kind: str, code: str
) -> None:
    with http_as(registry, tokens[kind]) as http:
        for method, path, need in every_request(routes):
            answer = http.request(method, path)
            if need is not None:
                assert_refused(answer, code)


def test_the_scheme_of_the_header_has_no_case(registry: Registry) -> None:
    assert httpx.get(f"{registry.url}/models", headers={"Authorization": f"bearer  {READ}"}).status_code == 200


def test_a_body_is_not_read_before_its_sender_is_known(registry: Registry) -> None:
    read = 0

    def body() -> Iterator[bytes]:
        nonlocal read
        while read < 200_000_000:
            read += 65_536
            yield bytes(65_536)

    for token, status in ((None, 401), (READ, 403)):
        read = 0
        headers = {"Content-Type": "application/json", **({} if token is None else bearer(token))}
        answer = httpx.post(f"{registry.url}/models", content=body(), headers=headers, timeout=30)
        assert (answer.status_code, answer.headers["connection"]) == (status, "close")
        assert read < 50_000_000
