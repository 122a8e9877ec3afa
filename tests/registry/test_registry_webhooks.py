"""Webhooks: at least once, signed, only where they may lead, and never in the way."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import signal
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from databases import ON_BOTH_DATABASES, Databases
from house import House
from receiver import Receiver, eventually, receiving
from registry_process import Registry, kill
from sample_models import code_of, linear_model

from mlp.registry.actor import Actor
from mlp.registry.tables import WebhookRow
from mlp.registry.webhooks.dispatcher import LEASE

pytestmark = ON_BOTH_DATABASES

DOCS = Path(__file__).parents[2] / "docs" / "registry.md"
KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
SETTINGS = {
    "MLP_REGISTRY_WEBHOOK_HOSTS": "127.0.0.1, *.0.0.2, *.example.com",
    "MLP_REGISTRY_WEBHOOK_RETRY_SECONDS": "0.1",
}


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory, server: Any) -> Iterator[Registry]:
    """A registry that may tell this machine."""
    databases = Databases(server)
    settings = databases.settings("telling") | SETTINGS
    shared = Registry(tmp_path_factory.mktemp("telling") / "registry", settings=settings).start()
    yield shared
    kill(shared)
    databases.forget()


def subscribe(registry: Registry, receiver: Receiver, *events: str) -> int:
    with registry.http() as http:
        body = {"url": receiver.url, "events": list(events), "secret": SECRET}
        made = http.post("/webhooks", json=body)
        assert made.status_code == 201, made.text
        return int(made.json()["id"])


def push(registry: Registry, name: str, *slopes: int) -> None:
    with registry.client() as client:
        for slope in slopes:
            sample = linear_model(slope)
            client.push(name, sample.manifest, sample.onnx)


def deliveries(registry: Registry, webhook: int) -> list[dict[str, Any]]:
    with registry.http() as http:
        return http.get(f"/webhooks/{webhook}/deliveries").json()["items"]


def test_what_happened_is_told_and_signed(telling: Registry) -> None:
    with receiving() as receiver:
        webhook = subscribe(telling, receiver, "version.created", "alias.set", "alias.removed")
        push(telling, "told", 1)
        with telling.client() as client:
            client.aliases.set("told", "production", 1)
            client.archive("told", 1, archived=False)
            client.aliases.remove("told", "production")
        got = receiver.wait_for(3)
        eventually(lambda: all(each["state"] == "delivered" for each in deliveries(telling, webhook)), "end of it")
    assert sorted(json.loads(body)["type"] for _, body in got) == ["alias.removed", "alias.set", "version.created"]
    assert len(set(receiver.ids)) == 3
    created = next(json.loads(body) for _, body in got if b"version.created" in body)
    assert created["data"] | {"details": None} == {"model": "told", "version": 1, "by": "anonymous", "details": None}
    is_genuine = documented()
    for headers, body in got:
        assert headers["content-type"] == "application/json"
        assert is_genuine(SECRET, headers, body)
        assert not is_genuine(SECRET, headers, body + b" ")
        assert not is_genuine(SECRET, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}, body)
        assert not is_genuine(f"whsec_{base64.b64encode(bytes(32)).decode()}", headers, body)


def documented() -> Any:
    """The check that docs/registry.md shows to receivers."""
    found = re.search(r"```python\n(import base64.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)
    return names["is_genuine"]


def test_the_secret_is_in_no_answer_and_no_log(telling: Registry) -> None:
    with receiving(statuses=[500]) as receiver, telling.http() as http:
        webhook = subscribe(telling, receiver, "version.created")
        push(telling, "hushed", 2)
        receiver.wait_for(2)
        answers = [http.get(path).text for path in ("/webhooks", f"/webhooks/{webhook}", "/events", "/metrics")]
        answers.append(http.get(f"/webhooks/{webhook}/deliveries").text)
        wrong = {"url": receiver.url, "events": ["version.created"], "secret": SECRET + "?", "more": SECRET}
        answers.append(http.post("/webhooks", json=wrong).text)
        http.delete(f"/webhooks/{webhook}").raise_for_status()
    for text in (*answers, telling.log()):
        assert SECRET[6:] not in text
    assert "in-the-url" not in telling.log()


def test_a_failing_receiver_is_told_again_under_the_same_id(telling: Registry) -> None:
    with receiving(statuses=[500, 503]) as receiver:
        webhook = subscribe(telling, receiver, "version.created")
        push(telling, "again", 3)
        receiver.wait_for(3)
        done = eventually(
            lambda: [each for each in deliveries(telling, webhook) if each["state"] == "delivered"], "success"
        )
    assert len(set(receiver.ids)) == 1
    assert (done[0]["attempts"], done[0]["last_status"], done[0]["next_attempt_at"]) == (3, 200, None)


def test_redirects_are_not_followed(telling: Registry) -> None:
    with receiving() as inside, receiving(statuses=[302, 307], location=inside.url) as receiver:
        webhook = subscribe(telling, receiver, "version.created")
        push(telling, "astray", 4)
        eventually(lambda: [each for each in deliveries(telling, webhook) if each["state"] == "delivered"], "success")
    assert len(receiver.got) == 3
    assert inside.got == []


def test_a_name_with_a_private_address_is_not_reached(telling: Registry) -> None:
    """Only a host that is named in full may be inside: what a wildcard allows has to be outside."""
    with receiving() as receiver:
        receiver.url = receiver.url.replace("127.0.0.1", "127.0.0.2")
        webhook = subscribe(telling, receiver, "version.created")
        push(telling, "inside", 9)
        waiting = eventually(lambda: [each for each in deliveries(telling, webhook) if each["last_error"]], "attempt")
        with telling.http() as http:
            http.delete(f"/webhooks/{webhook}").raise_for_status()
    assert "may not lead" in waiting[0]["last_error"]
    assert (waiting[0]["state"], receiver.got) == ("waiting", [])


def test_a_receiver_that_is_gone_for_good_is_given_up(telling: Registry) -> None:
    with receiving(statuses=[410]) as receiver:
        webhook = subscribe(telling, receiver, "version.created")
        push(telling, "gone", 5)
        ended = eventually(lambda: [each for each in deliveries(telling, webhook) if each["state"] == "failed"], "end")
    assert (ended[0]["last_error"], ended[0]["attempts"], ended[0]["next_attempt_at"]) == ("HTTP 410", 1, None)


def test_a_receiver_that_hangs_keeps_nobody_waiting(telling: Registry) -> None:
    gate = threading.Event()
    with receiving(gate=gate) as hanging, receiving() as other:
        subscribe(telling, hanging, "version.created")
        subscribe(telling, other, "alias.set")
        push(telling, "slow", 6)
        hanging.wait_for(1)
        push(telling, "slow", 7)
        with telling.client() as client:
            client.aliases.set("slow", "production", 2)
        other.wait_for(1)
        assert not gate.is_set()


def test_a_webhook_that_is_deleted_hears_nothing_more(telling: Registry) -> None:
    with receiving() as receiver, receiving() as other:
        webhook = subscribe(telling, receiver, "version.created")
        with telling.http() as http:
            assert http.delete(f"/webhooks/{webhook}").status_code == 204
            assert code_of(http.delete(f"/webhooks/{webhook}")) == "webhook_not_found"
            assert code_of(http.get(f"/webhooks/{webhook}")) == "webhook_not_found"
            assert code_of(http.get(f"/webhooks/{webhook}/deliveries")) == "webhook_not_found"
        subscribe(telling, other, "version.created")
        push(telling, "quiet", 8)
        other.wait_for(1)
    assert receiver.got == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://169.254.169.254/latest/meta-data", "webhook_host_forbidden"),
        ("http://localhost:8000/", "webhook_host_forbidden"),
        ("https://example.com/", "webhook_host_forbidden"),
        ("https://hooks.example.com.evil.test/", "webhook_host_forbidden"),
        ("http://127.0.0.1@evil.test/", "invalid_url"),
        ("http://evil.test\\@127.0.0.1/", "invalid_url"),
        ("http://127.0.0.1:99999/", "invalid_url"),
        ("http://[::1/", "invalid_url"),
        ("http://127.0.0.1/#x", "invalid_url"),
        ("ftp://127.0.0.1/", "invalid_request"),
        ("http://127.0.0.1/ x", "invalid_request"),
        ("http://127.0.0.1/" + "x" * 2_048, "invalid_request"),
    ],
)
def test_where_webhooks_may_not_lead(telling: Registry, url: str, code: str) -> None:
    with telling.http() as http:
        refused = http.post("/webhooks", json={"url": url, "events": ["alias.set"], "secret": SECRET})
    assert (refused.status_code, code_of(refused)) == (422, code)


@pytest.mark.parametrize(
    "change", [{"events": []}, {"events": ["everything"]}, {"secret": "short"}, {"secret": "whsec_AAAA"}, {"more": 1}]
)
def test_what_makes_no_webhook(telling: Registry, change: dict[str, Any]) -> None:
    with telling.http() as http:
        body = {"url": "http://127.0.0.1/", "events": ["alias.set"], "secret": SECRET} | change
        assert code_of(http.post("/webhooks", json=body)) == "invalid_request"


def test_a_delivery_is_in_one_hand_until_its_lease_ends(in_house: Any) -> None:
    """A webhook for which too many wait gets no more, and one that hangs leaves room for others."""
    now = datetime.now(UTC)
    later = now + timedelta(seconds=60)

    async def story(house: House) -> None:
        other = house.replica()
        try:
            first, second = [await webhook(house, now) for _ in range(2)]
            async with house.database.writing() as rows:
                for number in range(1, 21):
                    rows.events.record("alias.set", Actor("tester"), model="iris", version=number)
            dropped = await asyncio.gather(*(fan_out(replica, now) for replica in (house, other)))
            assert sum(dropped) == 10
            one, two = await asyncio.gather(*(lease(replica, now, later, 8) for replica in (house, other)))
            assert len(one) == len(two) == 8
            assert not one & two
            rest = await lease(house, now, later, 40)
            assert len(one | two | rest) == 30
            assert await lease(other, now, later, 40) == set()
            assert len(await lease(other, later, later, 40)) == 30
            assert len(await lease(house, later, later + LEASE, 40, busy={first: 40, second: 38})) == 2
        finally:
            await other.database.close()

    in_house(story)


async def webhook(house: House, now: datetime) -> int | None:
    row = WebhookRow(url="-", events=["alias.set"], secret=SECRET, created_at=now, created_by="tester")
    async with house.database.writing() as rows:
        await rows.webhooks.add(row)
    return row.id


async def fan_out(house: House, now: datetime) -> int:
    async with house.database.writing() as rows:
        return (await rows.notices.fan_out(now, limit=100, most_waiting=15)).dropped


async def lease(house: House, now: datetime, until: datetime, most: int, busy: Any = {}) -> set[str]:  # noqa: B006
    async with house.database.writing() as rows:
        due = await rows.deliveries.lease_due(now, until, limit=most, busy=busy, most_each=most)
    return {delivery.id for delivery, _ in due}


@pytest.mark.timeout(300)  # a lease runs out, and the pauses grow for as long as the second start takes
def test_what_happened_before_a_kill_is_told_after_it(make_registry: Any, database: str) -> None:
    """By the same registry on SQLite, by another replica on PostgreSQL, which tells nothing a second time."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nobody = Receiver(url=f"http://127.0.0.1:{port}/hook")
    first: Registry = make_registry("first", settings=SETTINGS).start()
    other = first
    if database == "postgresql":
        shared = {"DATABASE_URL": first.settings["DATABASE_URL"]}
        other = make_registry("second", settings=SETTINGS | shared).start()
    subscribe(first, nobody, "alias.set")
    push(first, "iris", 1)
    with first.client() as one, other.client() as two:
        for turn in range(4):
            (one if turn % 2 else two).aliases.set("iris", f"a{turn}", 1)
    first.stop(signal.SIGKILL)
    with receiving(port) as receiver:
        if other is first:
            first.start()
        receiver.wait_for(4)
        told = {json.loads(body)["data"]["details"]["alias"] for _, body in receiver.got}
        assert told == {f"a{turn}" for turn in range(4)}
        assert len(receiver.ids) == len(set(receiver.ids)) == 4
