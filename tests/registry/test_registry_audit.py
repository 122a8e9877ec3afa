"""The audit log: a line for each change, in the same transaction, whatever happens to the process."""

from __future__ import annotations

import base64
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from databases import ON_BOTH_DATABASES, Databases
from guarded_registry import ADMIN, READ, bearer, guarded, http_as
from registry_process import Registry, kill
from remains import CATALOG, rows_of
from sample_models import Sample, announce, code_of, linear_model, put

from mlp.registry.routes import ROUTERS

pytestmark = ON_BOTH_DATABASES


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, server: Any) -> Iterator[Registry]:
    databases = Databases(server)
    settings = databases.settings("audited") | {"MLP_REGISTRY_WEBHOOK_HOSTS": "127.0.0.1"}
    shared = guarded(tmp_path_factory.mktemp("audited"), **settings).start()
    yield shared
    kill(shared)
    databases.forget()


@pytest.fixture
def http(registry: Registry) -> Iterator[httpx.Client]:
    with http_as(registry, ADMIN) as http:
        yield http


def send_bytes(http: httpx.Client, name: str, sample: Sample) -> httpx.Response:
    return put(http, name, announce(http, name, sample).json()["id"], sample.onnx)


def subscribe(http: httpx.Client) -> httpx.Response:
    secret = f"whsec_{base64.b64encode(bytes(32)).decode()}"
    body = {"url": "http://127.0.0.1:9/", "events": ["version.deleted"], "secret": secret}
    return http.post("/webhooks", json=body)


def unsubscribe(http: httpx.Client) -> httpx.Response:
    return http.delete(f"/webhooks/{http.get('/webhooks').json()['items'][-1]['id']}")


@dataclass(frozen=True)
class Mutation:
    """A change by its route, how it is asked for, and what the log says then; the order is that of a model's life."""

    method: str
    path: str
    ask: Callable[[httpx.Client], httpx.Response]
    actions: tuple[str, ...]


def mutations_of(name: str) -> tuple[Mutation, ...]:
    """Every change of a registry, on a model of that name."""
    return (
        Mutation("POST", "/models", lambda http: http.post("/models", json={"name": name}), ("model.created",)),
        Mutation(
            "PATCH",
            "/models/{name}",
            lambda http: http.patch(f"/models/{name}", json={"tags": {"a": "b"}}),
            ("model.changed",),
        ),
        # An upload is in no list until it is a version.
        Mutation("POST", "/models/{name}/uploads", lambda http: announce(http, name, linear_model(1)), ()),
        Mutation(
            "PUT",
            "/models/{name}/uploads/{upload}",
            lambda http: send_bytes(http, name, linear_model(1)),
            ("version.created",),
        ),
        Mutation(
            "PATCH",
            "/models/{name}/versions/{version}",
            lambda http: http.patch(f"/models/{name}/versions/1", json={"metrics": {"r2": 0.5}}),
            ("version.changed",),
        ),
        Mutation(
            "PUT",
            "/models/{name}/versions/{version}/uses/{holder}",
            lambda http: http.put(f"/models/{name}/versions/1/uses/somebody"),
            ("use.began",),
        ),
        Mutation(
            "DELETE",
            "/models/{name}/versions/{version}/uses/{holder}",
            lambda http: http.delete(f"/models/{name}/versions/1/uses/somebody"),
            ("use.ended",),
        ),
        Mutation(
            "PUT",
            "/models/{name}/aliases/{alias}",
            lambda http: http.put(f"/models/{name}/aliases/production", json={"version": 1}),
            ("alias.set",),
        ),
        Mutation(
            "DELETE",
            "/models/{name}/aliases/{alias}",
            lambda http: http.delete(f"/models/{name}/aliases/production"),
            ("alias.removed",),
        ),
        Mutation(
            "DELETE",
            "/models/{name}/versions/{version}",
            lambda http: http.delete(f"/models/{name}/versions/1"),
            ("version.deleted",),
        ),
        Mutation("DELETE", "/models/{name}", lambda http: http.delete(f"/models/{name}"), ("model.deleted",)),
        Mutation(
            "POST",
            "/tokens",
            lambda http: http.post("/tokens", json={"name": name, "scope": "read"}),
            ("token.created",),
        ),
        Mutation("DELETE", "/tokens/{name}", lambda http: http.delete(f"/tokens/{name}"), ("token.revoked",)),
        Mutation("POST", "/webhooks", subscribe, ("webhook.created",)),
        Mutation("DELETE", "/webhooks/{webhook}", unsubscribe, ("webhook.deleted",)),
        # What no version uses is no longer of the catalogue: its deletion is told in the log of the process.
        Mutation("POST", "/gc", lambda http: http.post("/gc", json={}), ()),
    )


def test_each_change_is_told_once(http: httpx.Client) -> None:
    changing = {
        (method, route.path)
        for router in ROUTERS
        for route in router.routes
        for method in route.methods - {"GET", "HEAD", "OPTIONS"}
    }
    mutations = mutations_of("told")
    assert {(mutation.method, mutation.path) for mutation in mutations} == changing
    for mutation in mutations:
        before = every_event(http)
        asked = mutation.ask(http)
        assert asked.status_code < 300, (mutation.path, asked.text)
        after = every_event(http)
        told = after[: len(after) - len(before)]
        assert tuple(event["action"] for event in told) == mutation.actions, mutation.path
        assert after[len(told) :] == before
        for event in told:
            assert event["actor"] == "registry-admin-token"
            assert event["request_id"] == asked.headers["x-request-id"]
            assert event["model"] == ("told" if mutation.path.startswith("/models") else None)


def test_what_cannot_be_told_is_not_done(registry: Registry, http: httpx.Client) -> None:
    """The line and the change are one transaction: where the line cannot be written, nothing changes."""
    for mutation in mutations_of("untold"):
        if mutation.actions:
            before = rows_of(registry, *CATALOG)
            refuse_events(registry)
            try:
                assert mutation.ask(http).status_code in (409, 503), mutation.path
            finally:
                accept_events(registry)
            assert rows_of(registry, *CATALOG) == before, mutation.path
        assert mutation.ask(http).status_code < 300, mutation.path


def refuse_events(registry: Registry) -> None:
    """Have the database itself refuse each line of the audit log."""
    if "DATABASE_URL" in registry.settings:
        rows_of(
            registry,
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''refused''; END'",
            "CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
    else:
        rows_of(registry, "CREATE TRIGGER refuse BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'refused'); END")


def accept_events(registry: Registry) -> None:
    rows_of(registry, "DROP TRIGGER refuse" + (" ON events" if "DATABASE_URL" in registry.settings else ""))
    if "DATABASE_URL" in registry.settings:
        rows_of(registry, "DROP FUNCTION refuse()")


def test_what_is_refused_is_not_told_as_done(registry: Registry, http: httpx.Client) -> None:
    http.post("/models", json={"name": "refused"})
    before = every_event(http)
    assert http.post("/models", json={"name": "refused"}).status_code == 409
    assert http.patch("/models/absent", json={}).status_code == 404
    assert http.delete("/models/refused", headers=bearer(READ)).status_code == 403
    assert http.delete("/models/refused", headers=bearer("x" * 40)).status_code == 401
    sample, liar = linear_model(2), linear_model(3)
    upload = announce(http, "refused", sample).json()["id"]
    assert put(http, "refused", upload, liar.onnx).status_code in (413, 422)
    assert every_event(http) == before


def test_events_are_found_by_model_action_and_moment_and_come_in_pages(http: httpx.Client) -> None:
    for number in range(5):
        http.post("/models", json={"name": f"event-{number}"}).raise_for_status()
    first = http.get("/events", params={"action": "model.created", "limit": 2}).json()
    assert [event["model"] for event in first["items"]] == ["event-4", "event-3"]
    second = http.get("/events", params={"action": "model.created", "limit": 2, "cursor": first["next"]}).json()
    assert [event["model"] for event in second["items"]] == ["event-2", "event-1"]
    third = first["items"][1]
    since = http.get("/events", params={"since": third["at"], "limit": 1_000}).json()["items"]
    assert [event["id"] for event in since] == [first["items"][0]["id"], third["id"]]
    elsewhere = third["at"].replace("Z", "+00:00")
    assert http.get("/events", params={"since": elsewhere, "limit": 1_000}).json()["items"] == since
    assert len(http.get("/events", params={"model": "event-1"}).json()["items"]) == 1
    assert http.get("/events", params={"model": "event-1", "action": "alias.set"}).json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "since=2026-05-03T00:00:00",
        "since=0001-01-01T00:00:00%2B14:00",
        "since=9999-12-31T23:59:59-14:00",
        "since=" + "9" * 400,
        "model=../x",
        "action='%20OR%201=1",
        "action=%00",
        "cursor=0",
        f"cursor={2**63}",
        "cursor=" + "9" * 5_000,
        "limit=0",
        "limit=1001",
    ],
)
def test_a_question_that_has_no_answer_is_refused(http: httpx.Client, query: str) -> None:
    answer = http.get(f"/events?{query}")
    assert answer.status_code == 422
    assert code_of(answer) in ("invalid_request", "out_of_range")


def test_what_is_there_and_what_is_told_agree_after_kill_9(tmp_path: Any, server: Any) -> None:
    databases = Databases(server)
    registry = guarded(tmp_path / "killed", **databases.settings("killed")).start()
    try:
        for round_ in range(2):
            kill_among_changes(registry, round_)
            registry.start()
            with http_as(registry, ADMIN) as http:
                events = every_event(http)
                there = {model["name"] for model in every_item(http, "/models")}
                tagged = {model["name"] for model in every_item(http, "/models", tag="told")}
            created = [event["model"] for event in events if event["action"] == "model.created"]
            deleted = [event["model"] for event in events if event["action"] == "model.deleted"]
            assert len(created) == len(set(created))
            assert set(created) - set(deleted) == there
            assert {event["model"] for event in events if event["action"] == "model.changed"} - set(deleted) == tagged
    finally:
        kill(registry)
        databases.forget()


def kill_among_changes(registry: Registry, round_: int) -> None:
    """Have four clients create, change and delete models, and kill the registry when some of it is done."""
    enough, done = threading.Event(), []

    def change(client: int) -> None:
        try:
            with http_as(registry, ADMIN) as http:
                for number in range(10_000):
                    name = f"m{round_}-{client}-{number}"
                    http.post("/models", json={"name": name})
                    http.patch(f"/models/{name}", json={"tags": {"told": "yes"}})
                    if number % 3 == 0:
                        http.delete(f"/models/{name}")
                    done.append(name)
                    if len(done) >= 20:
                        enough.set()
        except httpx.HTTPError:
            enough.set()

    clients = [threading.Thread(target=change, args=(client,)) for client in range(4)]
    for client in clients:
        client.start()
    assert enough.wait(60)
    assert registry.stop(signal.SIGKILL) == -signal.SIGKILL
    for client in clients:
        client.join(30)
    assert len(done) >= 20


def every_event(http: httpx.Client) -> list[dict[str, Any]]:
    return every_item(http, "/events")


def every_item(http: httpx.Client, path: str, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = http.get(path, params={"limit": "500", **query, **cursor}).raise_for_status().json()
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = {"cursor": page["next"]}
