"""Aliases: one winner of a race, a history that is a total order, and names that name nothing else."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from databases import ON_BOTH_DATABASES
from registry_process import Registry
from sample_models import code_of, linear_model

from mlp.client.registry import RegistryClient
from mlp.errors import Conflict, Invalid, NotFound

pytestmark = ON_BOTH_DATABASES
VERSIONS = 4


@pytest.fixture(scope="module")
def iris(registry: Registry) -> str:
    """A model with a few versions."""
    push(registry, "iris")
    return "iris"


def push(registry: Registry, name: str, versions: int = VERSIONS) -> None:
    with registry.client() as client:
        for number in range(versions):
            sample = linear_model(500.0 + number)
            client.push(name, sample.manifest, sample.onnx)


def test_an_alias_is_set_moved_read_and_removed(http: httpx.Client, iris: str) -> None:
    path = f"/models/{iris}/aliases/production"
    made = http.put(path, json={"version": 1})
    assert made.status_code == 201
    moved = http.put(path, json={"version": 2})
    assert (moved.status_code, moved.json()["version"]) == (200, 2)
    assert {key: moved.json()[key] for key in ("model", "name", "updated_by")} == {
        "model": "iris",
        "name": "production",
        "updated_by": "anonymous",
    }
    assert http.get(path).json() == moved.json()
    http.put(f"/models/{iris}/aliases/canary", json={"version": 2}).raise_for_status()
    assert [item["name"] for item in http.get(f"/models/{iris}/aliases").json()["items"]] == ["canary", "production"]
    assert http.get(f"/models/{iris}").json()["aliases"] == {"canary": 2, "production": 2}
    assert http.get(f"/models/{iris}/versions/2").json()["aliases"] == ["canary", "production"]
    listed = http.get(f"/models/{iris}/versions").json()["items"]
    assert {item["version"]: item["aliases"] for item in listed}[2] == ["canary", "production"]
    found = http.get("/models", params={"search": iris}).json()["items"]
    assert found[0]["aliases"] == {"canary": 2, "production": 2}
    assert http.delete(path).status_code == 204
    assert code_of(http.get(path)) == "alias_not_found"
    assert code_of(http.delete(path)) == "alias_not_found"
    assert http.get(f"/models/{iris}/versions/2").json()["aliases"] == ["canary"]


def test_the_same_model_pushed_again_shows_its_aliases(client: RegistryClient, iris: str) -> None:
    client.aliases.set(iris, "pushed-again", 1)
    sample = linear_model(500.0)
    pushed = client.push(iris, sample.manifest, sample.onnx)
    assert not pushed.created
    assert "pushed-again" in pushed.version.aliases


def test_an_alias_moves_only_from_where_it_is_expected(client: RegistryClient, iris: str) -> None:
    client.aliases.set(iris, "guarded", 1, expected=None)
    with pytest.raises(Conflict) as refusal:
        client.aliases.set(iris, "guarded", 2, expected=None)
    assert (refusal.value.code, refusal.value.details["current"]) == ("stale", 1)
    client.aliases.set(iris, "guarded", 2, expected=1)
    with pytest.raises(Conflict) as refusal:
        client.aliases.set(iris, "guarded", 3, expected=1)
    assert refusal.value.message == ("iris@guarded is version 2, not version 1 as expected: somebody changed it first")
    with pytest.raises(Conflict):
        client.aliases.remove(iris, "guarded", expected=1)
    client.aliases.remove(iris, "guarded", expected=2)
    with pytest.raises(Conflict) as refusal:
        client.aliases.set(iris, "guarded", 3, expected=2)
    assert refusal.value.details["current"] is None
    assert client.aliases.set(iris, "guarded", 3).version == 3


def test_a_history_tells_who_when_from_and_to_and_keeps_what_was_removed(
    http: httpx.Client, client: RegistryClient, iris: str
) -> None:
    for version in (1, 2, 2):  # the third changes nothing
        client.aliases.set(iris, "told", version)
    client.aliases.remove(iris, "told")
    client.aliases.set(iris, "told", 3)
    entries = client.aliases.history(iris, "told")
    assert [(each.number, each.from_version, each.to_version) for each in entries] == [
        (4, None, 3),
        (3, 2, None),
        (2, 1, 2),
        (1, None, 1),
    ]
    assert {each.by for each in entries} == {"anonymous"}
    assert entries == sorted(entries, key=lambda each: each.at, reverse=True)
    first = http.get(f"/models/{iris}/aliases/told/history", params={"limit": 3}).json()
    rest = http.get(f"/models/{iris}/aliases/told/history", params={"cursor": first["next"]}).json()
    assert [each["number"] for each in (*first["items"], *rest["items"])] == [4, 3, 2, 1]
    assert rest["next"] is None


def test_a_history_says_what_held_at_a_moment_and_on_a_day(client: RegistryClient, iris: str) -> None:
    for version in (1, 2, 3):
        client.aliases.set(iris, "dated", version)
    latest, second, first = client.aliases.history(iris, "dated")

    def held(at: str) -> list[int | None]:
        return [each.to_version for each in client.aliases.history(iris, "dated", at=at)]

    assert held(first.at.isoformat()) == [1]
    assert held((second.at - timedelta(microseconds=1)).isoformat()) == [1]
    assert held(second.at.isoformat().replace("+00:00", "Z")) == [2]
    assert held(second.at.replace(tzinfo=None).isoformat()) == [2]
    assert held((latest.at + timedelta(hours=5)).isoformat()) == [3]
    assert held((first.at - timedelta(microseconds=1)).isoformat()) == []
    today = first.at.date()
    assert held((today + timedelta(days=400)).isoformat()) == [3]
    assert held((today - timedelta(days=1)).isoformat()) == []
    if latest.at.date() == today:
        assert held(today.isoformat()) == [3, 2, 1]


@pytest.mark.parametrize(
    "at",
    ["yesterday", "2026-02-30", "2026-5-3", "20260503", "2026-05-03T25:00", "9999-12-31", "0001-01-01T00:00+14:00"],
)
def test_what_is_no_moment_is_refused(http: httpx.Client, iris: str, at: str) -> None:
    http.put(f"/models/{iris}/aliases/moments", json={"version": 1})
    answer = http.get(f"/models/{iris}/aliases/moments/history", params={"at": at})
    assert (answer.status_code, code_of(answer)) == (422, "invalid_moment")


def test_latest_is_the_highest_version_and_nobody_sets_it(
    http: httpx.Client, client: RegistryClient, iris: str
) -> None:
    assert client.aliases.get(iris, "latest").version == VERSIONS
    path = f"/models/{iris}/aliases/latest"
    for answer in (http.put(path, json={"version": 1}), http.delete(path), http.get(f"{path}/history")):
        assert (answer.status_code, code_of(answer)) == (422, "reserved_alias")
    assert "latest" not in http.get(f"/models/{iris}").json()["aliases"]
    http.post("/models", json={"name": "empty"})
    assert code_of(http.get("/models/empty/aliases/latest")) == "alias_not_found"


def test_what_does_not_exist_is_named(http: httpx.Client, iris: str) -> None:
    assert code_of(http.put("/models/nothing/aliases/a", json={"version": 1})) == "model_not_found"
    assert code_of(http.put(f"/models/{iris}/aliases/absent", json={"version": 99})) == "version_not_found"
    assert code_of(http.get("/models/nothing/aliases")) == "model_not_found"
    assert code_of(http.get(f"/models/{iris}/aliases/absent")) == "alias_not_found"
    assert code_of(http.get(f"/models/{iris}/aliases/absent/history")) == "alias_not_found"


@pytest.mark.parametrize(
    "alias",
    ["1", "2.0", "Production", "a_b", "-a", "a" * 51, "..", "%2e%2e", "a%2Fb", "http:%2F%2Fevil", "a%00", "%ff"],
)
def test_what_is_no_alias_points_nowhere(http: httpx.Client, iris: str, alias: str) -> None:
    answer = http.put(f"/models/{iris}/aliases/{alias}", json={"version": 1})
    assert (answer.status_code, code_of(answer)) in {
        (422, "invalid_name"),
        (404, "not_found"),
        (405, "method_not_allowed"),
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"version": 0}', "out_of_range"),
        (b'{"version": 2147483648}', "out_of_range"),
        (b'{"version": 9223372036854775808}', "out_of_range"),
        (b'{"version": 1.0}', "invalid_request"),
        (b'{"version": true}', "invalid_request"),
        (b'{"version": "1"}', "invalid_request"),
        (b'{"version": 1, "expected": 0}', "out_of_range"),
        (b'{"version": 1, "expected": "1"}', "invalid_request"),
        (b'{"version": 1, "source": "s3://elsewhere/model"}', "invalid_request"),
        (b"{}", "invalid_request"),
    ],
)
def test_what_is_no_version_is_pointed_to_by_nothing(http: httpx.Client, iris: str, body: bytes, code: str) -> None:
    answer = http.put(f"/models/{iris}/aliases/strict", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, code_of(answer)) == (422, code)
    assert code_of(http.get(f"/models/{iris}/aliases/strict")) == "alias_not_found"


def test_the_client_lets_no_name_become_a_path(client: RegistryClient) -> None:
    for alias in ("../../models", "a/b", "A", "1"):
        with pytest.raises(Invalid) as refusal:
            client.aliases.get("iris", alias)
        assert refusal.value.code == "invalid_name"
    with pytest.raises(NotFound):
        client.aliases.get("iris", "nobody")


def test_of_many_promotions_at_once_one_wins_and_the_history_is_a_chain(client: RegistryClient, iris: str) -> None:
    rounds, writers = 10, 6
    client.aliases.set(iris, "raced", 1)

    def promote(task: tuple[int, int]) -> int | None:
        current, wanted = task
        try:
            client.aliases.set(iris, "raced", wanted, expected=current)
        except Conflict:
            return None
        return wanted

    current, winners = 1, [1]
    with ThreadPoolExecutor(writers) as pool:  # one connection each
        for _ in range(rounds):
            others = [number for number in range(1, VERSIONS + 1) if number != current]
            tasks = [(current, others[index % len(others)]) for index in range(writers)]
            won = [wanted for wanted in pool.map(promote, tasks) if wanted is not None]
            assert len(won) == 1
            current = won[0]
            winners.append(current)
    entries = client.aliases.history(iris, "raced")[::-1]
    assert [each.to_version for each in entries] == winners
    assert [each.number for each in entries] == list(range(1, rounds + 2))
    assert [each.from_version for each in entries] == [None, *winners[:-1]]
    assert [each.at for each in entries] == sorted(each.at for each in entries)


def test_an_alias_born_twice_at_once_is_born_once(client: RegistryClient, iris: str) -> None:
    def create(number: int) -> bool:
        try:
            client.aliases.set(iris, "born", number, expected=None)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(create, range(1, VERSIONS + 1))) == 1


def test_a_version_that_an_alias_points_to_is_not_deleted(http: httpx.Client, registry: Registry) -> None:
    push(registry, "pointed", 2)
    http.put("/models/pointed/aliases/production", json={"version": 1}).raise_for_status()
    refused = http.delete("/models/pointed/versions/1")
    assert (refused.status_code, code_of(refused)) == (409, "in_use")
    assert "pointed@production points to it" in refused.json()["error"]["message"]
    assert http.delete("/models/pointed/versions/2").status_code == 204
    http.delete("/models/pointed/aliases/production").raise_for_status()
    assert http.delete("/models/pointed/versions/1").status_code == 204


def test_a_model_has_so_many_aliases_and_no_more(http: httpx.Client, registry: Registry) -> None:
    push(registry, "popular", 1)
    for number in range(100):
        http.put(f"/models/popular/aliases/a{number}", json={"version": 1}).raise_for_status()
    refused = http.put("/models/popular/aliases/one-more", json={"version": 1})
    assert (refused.status_code, code_of(refused)) == (422, "too_many_aliases")
    assert http.put("/models/popular/aliases/a0", json={"version": 1}).status_code == 200
    assert len(json.dumps(http.get("/models/popular").json()["aliases"])) > 100


def test_a_moment_without_an_offset_is_in_utc(client: RegistryClient, iris: str) -> None:
    client.aliases.set(iris, "utc", 1)
    now = datetime.now(UTC) + timedelta(seconds=1)
    elsewhere = now.astimezone(tz=None).isoformat()
    assert client.aliases.history(iris, "utc", at=elsewhere) == client.aliases.history(iris, "utc")
