"""Finding versions: a filter means the same on both databases, and pages are whole whatever is pushed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

import httpx
import pytest
from databases import ON_BOTH_DATABASES
from registry_process import Registry
from sample_models import code_of, linear_model

from mlp.api.model import ModelVersion
from mlp.client.catalog import Catalog
from mlp.client.registry import RegistryClient
from mlp.errors import Invalid

pytestmark = ON_BOTH_DATABASES

LARGE = 9_007_199_254_740_993.0  # 2^53 + 1, which no float is
WORDS: Sequence[dict[str, Any]] = (
    {"metrics": {"accuracy": 0.1 + 0.2, "f1-macro/v2.0": 1.0}, "tags": {"team": "risk"}},
    {"metrics": {"accuracy": 0.96, "loss": -1e-300}, "tags": {"team": "Risk", "a.b-c/d": "x"}},
    {"metrics": {"accuracy": 1}, "tags": {"team": "it's"}},
    {"metrics": {"loss": 1e308}, "tags": {"team": 'a "b" \\ %_'}},
    {"metrics": {"accuracy": LARGE}, "tags": {"team": "größe"}},
    {"metrics": {}, "tags": {}},
)
"""What is said of versions 1, 2, 3 …"""


@pytest.fixture(scope="module")
def found(registry: Registry) -> str:
    with registry.client() as client, registry.http() as http:
        for number, words in enumerate(WORDS, start=1):
            sample = linear_model(700.0 + number)
            manifest = sample.manifest.model_copy(update={"params": {"depth": str(number)}})
            client.push("found", manifest, sample.onnx)
            http.patch(f"/models/found/versions/{number}", json=words).raise_for_status()
    return "found"


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ("metrics.accuracy > 0.95", [5, 3, 2]),
        ("metrics.accuracy > 0.95 and tags.team = 'Risk'", [2]),
        ("metrics.accuracy = 0.30000000000000004", [1]),
        ("metrics.accuracy = 0.3", []),
        ("metrics.accuracy = 1", [3]),
        ("metrics.accuracy >= 1.0", [5, 3]),
        ("metrics.accuracy = 9007199254740993", [5]),
        ("metrics.accuracy = 9007199254740992", [5]),
        ("metrics.accuracy > 9007199254740992", []),
        ("metrics.accuracy < 1e308", [5, 3, 2, 1]),
        ("metrics.loss < 0", [2]),
        ("metrics.loss = -1e-300", [2]),
        ("metrics.loss >= 1e308", [4]),
        ("metrics.f1-macro/v2.0 = 1", [1]),
        ("metrics.f1-macro/v2 = 1", []),
        ("tags.team = 'risk'", [1]),
        ("tags.team != 'risk'", [5, 4, 3, 2]),
        ("not tags.team = 'risk'", [6, 5, 4, 3, 2]),
        ("not (tags.team = 'risk' or metrics.accuracy > 0)", [6, 4]),
        ("not not metrics.accuracy > 0.95", [5, 3, 2]),
        ("tags.team = 'it''s'", [3]),
        ("tags.team = 'a \"b\" \\ %_'", [4]),
        ("tags.team = 'größe'", [5]),
        ("tags.team = 'gro\u0308ße'", []),
        ("tags.a.b-c/d = 'x'", [2]),
        ("tags.a = 'x'", []),
        ("tags.team < 'a'", [2]),  # by code points: capitals come first, on every database
        ("tags.team >= 'gr'", [5, 3, 1]),
        ("params.depth = '4'", [4]),
        ("params.depth > '4'", [6, 5]),
        ("version >= 2 and version < 4", [3, 2]),
        ("version = 0", []),
        ("version < 2147483647", [6, 5, 4, 3, 2, 1]),
        ("task = 'regression'", [6, 5, 4, 3, 2, 1]),
        ("task = 'classification'", []),
        ("created_by = 'anonymous' and version = 1", [1]),
        ("created_at > '2020-01-01'", [6, 5, 4, 3, 2, 1]),
        ("created_at < '2020-01-01T00:00:00+14:00'", []),
        ("created_at <= '9000-01-01'", [6, 5, 4, 3, 2, 1]),
        ("created_at < '0001-01-02' or version = 2", [2]),
        ("tags.team = '1'' or ''1'' = ''1'", []),
    ],
)
def test_a_filter_finds_the_versions_of_which_it_is_true(
    catalog: Catalog, found: str, where: str, numbers: list[int]
) -> None:
    assert [version["version"] for version in catalog.versions(found, where=where)] == numbers


def test_a_catalog_shows_what_the_client_reads(registry: Registry, client: RegistryClient, found: str) -> None:
    client.aliases.set(found, "production", 2)
    with closing(Catalog(registry.url)) as catalog:
        for shown, read in (
            (catalog.models(search=found), [client.model(found)]),
            (catalog.aliases(found), client.aliases.of(found)),
            (catalog.alias_history(found, "production"), client.aliases.history(found, "production")),
            ([catalog.model(found)], [client.model(found)]),
            ([catalog.alias(found, "latest")], [client.aliases.get(found, "latest")]),
            ([catalog.version(found, 1)], [client.version(found, 1)]),
        ):
            assert shown == [each.model_dump(mode="json") for each in read]
            assert shown
        assert list(catalog.version(found, 2)) == list(ModelVersion.model_fields)
        assert [each["version"] for each in catalog.versions(found, tags=["team"], limit=3)] == [5, 4, 3]
        with pytest.raises(Invalid):
            catalog.versions(found, where="version <")


def test_a_moment_is_found_to_the_microsecond(catalog: Catalog, found: str) -> None:
    moments = {each["version"]: datetime.fromisoformat(each["created_at"]) for each in catalog.versions(found)}
    third = moments[3].isoformat()

    def numbers(where: str) -> list[int]:
        return [version["version"] for version in catalog.versions(found, where=where)]

    assert numbers(f"created_at = '{third}'") == [3]
    assert numbers(f"created_at > '{third}'") == [6, 5, 4]
    assert numbers(f"created_at >= '{third}'") == [6, 5, 4, 3]
    assert numbers(f"created_at < '{third}'") == [2, 1]
    assert numbers(f"created_at != '{third}'") == [6, 5, 4, 2, 1]
    day = moments[1].date().isoformat()
    same = [number for number, moment in sorted(moments.items(), reverse=True) if moment.date() == moments[1].date()]
    assert numbers(f"created_at = '{day}'") == same


@pytest.mark.parametrize(
    "where",
    [
        "",
        "version",
        "version = 1 and",
        "tags.x = 'a\x00'",
        "tags.team = '\x1b[31m'",
        "(" * 1_000,
        "version = " + "9" * 400,
    ],
)
def test_what_is_no_filter_is_refused(catalog: Catalog, found: str, where: str) -> None:
    with pytest.raises(Invalid) as refusal:
        catalog.versions(found, where=where)
    assert refusal.value.code == "invalid_filter"
    assert "character" in refusal.value.message


def test_a_filter_too_long_or_not_unicode_is_refused(http: httpx.Client, found: str) -> None:
    long = http.get(f"/models/{found}/versions", params={"filter": "a" * 3_000})
    assert (long.status_code, code_of(long)) == (422, "invalid_request")
    for broken in ("%ff", "version%20=%00", "%ed%a0%80"):
        answer = http.get(f"/models/{found}/versions?filter={broken}")
        assert (answer.status_code, code_of(answer)) == (422, "invalid_filter")


def test_pages_of_a_filter_are_whole_while_versions_are_pushed(registry: Registry, http: httpx.Client) -> None:
    def push(number: int) -> None:
        sample = linear_model(800.0 + number)
        manifest = sample.manifest.model_copy(update={"tags": {"parity": str(number % 2)}})
        with registry.client() as client:
            client.push("growing", manifest, sample.onnx)

    for number in range(1, 8):
        push(number)
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        query = {"filter": "tags.parity = '1'", "limit": "2", **cursor}
        page = http.get("/models/growing/versions", params=query).json()
        seen += [item["version"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
        push(7 + len(seen))
    assert seen == [7, 5, 3, 1]


def test_names_have_the_order_of_code_points_in_any_locale(database: str, request: pytest.FixtureRequest) -> None:
    if database == "sqlite":
        pytest.skip("SQLite has no other order")
    server = request.getfixturevalue("postgresql")
    name = server.new_database()
    query = "SELECT table_name FROM information_schema.columns WHERE collation_name = 'C'"
    assert {row["table_name"] for row in server.execute(query, name)} >= {"models", "tokens", "uses"}
    server.drop_database(name)


def test_models_are_listed_in_the_order_of_their_code_points(http: httpx.Client) -> None:
    names = ["sort-b", "sort-a-z", "sort-ab", "sort-a", "sort-a1"]
    for name in names:
        http.post("/models", json={"name": name}).raise_for_status()
    listed: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = http.get("/models", params={"search": "sort-", "limit": "2", **cursor}).json()
        listed += [model["name"] for model in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert listed == sorted(names)
