"""Tokens across two replicas on one PostgreSQL, and what one of its transactions writes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest
from databases import Databases
from guarded_registry import ADMIN, bearer, guarded, http_as, make_token, wait_for
from postgresql_server import Postgresql
from registry_process import Registry, kill
from remains import rows_of
from sample_models import announce, code_of, linear_model, put

from mlp.api.token import Scope

SOON = 5.0
"""Seconds after which no replica lets a revoked token pass."""


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory, postgresql: Postgresql) -> Iterator[tuple[Registry, Registry]]:
    databases = Databases(postgresql)
    first, second = (
        guarded(tmp_path_factory.mktemp("replica"), **databases.settings("shared")).start() for _ in range(2)
    )
    yield first, second
    for replica in (first, second):
        kill(replica)
    databases.forget()


@pytest.fixture
def both(replicas: tuple[Registry, Registry]) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    first, second = replicas
    with http_as(first, ADMIN) as one, http_as(second, ADMIN) as other:
        yield one, other


def refused_from(http: httpx.Client, token: str, since: float) -> None:
    """Use a token without a pause until it is refused; nothing that was asked after SOON may pass."""
    while True:
        asked = time.monotonic()
        answer = http.get("/models", headers=bearer(token))
        if answer.status_code == 401:
            break
        assert answer.status_code == 200
        assert asked - since < SOON
    assert code_of(answer) == "token_invalid"
    for _ in range(3):
        assert http.get("/models", headers=bearer(token)).status_code == 401


@pytest.mark.parametrize("scope", [Scope.READ, Scope.ADMIN])
def test_a_token_that_one_replica_revoked_is_soon_refused_by_the_other(both, scope: Scope) -> None:
    one, other = both
    token = make_token(one, f"leaver-{scope}", scope)
    for http in both:
        assert http.get("/models", headers=bearer(token)).status_code == 200
    assert one.delete(f"/tokens/leaver-{scope}").status_code == 204
    revoked = time.monotonic()
    assert one.get("/models", headers=bearer(token)).status_code == 401
    refused_from(other, token, revoked)


def test_a_token_of_one_replica_opens_the_other_at_once_and_ends_in_both(both) -> None:
    one, other = both
    token = make_token(one, "guest", Scope.READ, expires_in=1)
    first = other.get("/whoami", headers=bearer(token))
    assert first.status_code in (200, 401)  # on a busy machine its second may be over
    assert first.status_code == 200 or code_of(first) == "token_expired"
    for http in both:
        wait_for(lambda http=http: http.get("/whoami", headers=bearer(token)).status_code == 401)
        assert code_of(http.get("/whoami", headers=bearer(token))) == "token_expired"
    assert one.delete("/tokens/guest").status_code == 204
    again = make_token(other, "guest", Scope.READ)
    assert one.get("/whoami", headers=bearer(again)).json()["name"] == "guest"


def test_a_change_and_its_line_in_the_audit_log_are_of_one_transaction(replicas: tuple[Registry, Registry]) -> None:
    """PostgreSQL keeps with each row which transaction wrote it."""
    with http_as(replicas[0], ADMIN) as http:
        sample = linear_model(2)
        assert http.post("/models", json={"name": "told"}).status_code == 201
        upload = announce(http, "told", sample).json()["id"]
        assert put(http, "told", upload, sample.onnx).status_code == 201
        assert http.put("/models/told/aliases/production", json={"version": 1}).status_code == 201
        assert http.put("/models/told/versions/1/uses/somebody").status_code == 201
        make_token(http, "told", Scope.READ)
    pairs = (
        ("version.created", "versions", "JOIN models ON models.id = model_id WHERE models.name = 'told'"),
        ("alias.set", "alias_changes", "JOIN models ON models.id = model_id WHERE models.name = 'told'"),
        ("use.began", "uses", "WHERE holder = 'somebody'"),
    )
    for action, table, where in pairs:
        ((changed,), (event,)) = rows_of(
            replicas[0],
            f"SELECT {table}.xmin::text FROM {table} {where}",
            f"SELECT xmin::text FROM events WHERE model_name = 'told' AND action = '{action}'",
        )
        assert changed == event, action
    ((token,), events) = rows_of(
        replicas[0],
        "SELECT xmin::text FROM tokens WHERE name = 'told'",
        "SELECT xmin::text FROM events WHERE action = 'token.created'",
    )
    assert token in events
