"""Finding models and versions, changing the words about them, deleting them."""

from __future__ import annotations

import httpx
import pytest
from databases import ON_BOTH_DATABASES
from sample_models import code_of, linear_model

from mlp.client.catalog import Catalog
from mlp.client.registry import RegistryClient

pytestmark = ON_BOTH_DATABASES


def test_a_model_is_created_changed_and_deleted(http: httpx.Client) -> None:
    made = http.post("/models", json={"name": "churn", "description": "who leaves", "tags": {"team": "risk"}})
    assert made.status_code == 201
    assert made.json()["latest_version"] is None
    assert http.get("/models/churn").json() == made.json()
    changed = http.patch("/models/churn", json={"tags": {"team": None, "stage": "test"}})
    assert changed.status_code == 200
    assert changed.json()["tags"] == {"stage": "test"}
    assert changed.json()["description"] == "who leaves"
    assert changed.json()["updated_at"] > made.json()["updated_at"]
    assert http.delete("/models/churn").status_code == 204
    assert http.delete("/models/churn").status_code == 404
    assert http.post("/models", json={"name": "churn"}).json()["tags"] == {}


def test_models_are_found_by_name_and_tag_and_listed_in_pages(http: httpx.Client, catalog: Catalog) -> None:
    for number in range(5):
        document = {"name": f"page-{number}", "tags": {"parity": str(number % 2), "only/a.key": ""}}
        http.post("/models", json=document).raise_for_status()
    first = http.get("/models", params={"search": "PAGE-", "limit": 2}).json()
    assert [model["name"] for model in first["items"]] == ["page-0", "page-1"]
    second = http.get("/models", params={"search": "page-", "limit": 2, "cursor": first["next"]}).json()
    assert [model["name"] for model in second["items"]] == ["page-2", "page-3"]
    assert [model["name"] for model in catalog.models(search="page-", limit=4)] == [f"page-{n}" for n in range(4)]
    assert [model["name"] for model in catalog.models(tags=["parity=1"])] == ["page-1", "page-3"]
    assert len(catalog.models(tags=["only/a.key"])) == 5
    assert [model["name"] for model in catalog.models(tags=["parity=0", "only/a.key="], limit=2)] == [
        "page-0",
        "page-2",
    ]
    assert catalog.models(tags=["parity=2", "only/a.key"]) == []


def test_versions_are_listed_newest_first_in_pages(
    http: httpx.Client, client: RegistryClient, catalog: Catalog
) -> None:
    for slope in range(1, 6):
        sample = linear_model(100.0 + slope)
        client.push("paged", sample.manifest, sample.onnx)
    first = http.get("/models/paged/versions", params={"limit": 2}).json()
    assert [version["version"] for version in first["items"]] == [5, 4]
    rest = http.get("/models/paged/versions", params={"limit": 3, "cursor": first["next"]}).json()
    assert ([version["version"] for version in rest["items"]], rest["next"]) == ([3, 2, 1], None)
    assert [version["version"] for version in catalog.versions("paged", limit=4)] == [5, 4, 3, 2]
    assert "signature" not in first["items"][0]


def test_only_the_words_about_a_version_change(http: httpx.Client, client: RegistryClient) -> None:
    sample = linear_model(201)
    before = client.push("worded", sample.manifest, sample.onnx).version
    patch = {"description": "b\u00e9tter", "metrics": {"r2": 0.75, "loss": 1e-9}, "tags": {"stage": 'a "b"'}}
    changed = http.patch("/models/worded/versions/1", json=patch)
    assert http.get("/models/worded/versions/1").json() == changed.json()
    after = client.version("worded", 1)
    assert after == before.model_copy(update=patch)
    less = http.patch("/models/worded/versions/1", json={"metrics": {"r2": None}})
    assert less.json()["metrics"] == {"loss": 1e-9}
    assert code_of(http.patch("/models/worded/versions/1", json={"sha256": "0" * 64})) == "invalid_request"


@pytest.mark.parametrize("what", ["tags", "metrics"])
def test_words_are_bounded_even_when_they_come_one_by_one(
    http: httpx.Client, client: RegistryClient, what: str
) -> None:
    sample = linear_model(202)
    name = f"bounded-{what}"
    client.push(name, sample.manifest, sample.onnx)
    value = "x" if what == "tags" else 1.0
    most = 50 if what == "tags" else 200
    full = {f"key{number}": value for number in range(most)}
    assert http.patch(f"/models/{name}/versions/1", json={what: full}).status_code == 200
    refused = http.patch(f"/models/{name}/versions/1", json={what: {"one-more": value}})
    assert (refused.status_code, code_of(refused)) == (422, f"too_many_{what}")


def test_a_blob_outlives_one_of_the_versions_that_share_it(http, client: RegistryClient) -> None:
    sample = linear_model(203)
    for name in ("shared-a", "shared-b"):
        client.push(name, sample.manifest, sample.onnx)
    assert http.delete("/models/shared-a/versions/1").status_code == 204
    assert http.get("/models/shared-b/versions/1/artifact").content == sample.onnx


def test_the_latest_version_is_the_highest_that_exists(http: httpx.Client, client: RegistryClient) -> None:
    for slope in (301.0, 302.0):
        sample = linear_model(slope)
        client.push("latest", sample.manifest, sample.onnx)
    http.delete("/models/latest/versions/2").raise_for_status()
    assert client.model("latest").latest_version == 1


def test_what_does_not_exist_is_named(http: httpx.Client, client: RegistryClient) -> None:
    sample = linear_model(204)
    client.push("known", sample.manifest, sample.onnx)
    assert code_of(http.get("/models/unknown")) == "model_not_found"
    assert code_of(http.get("/models/unknown/versions")) == "model_not_found"
    assert code_of(http.get("/models/unknown/versions/1")) == "model_not_found"
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/artifact")):
        answer = http.request(method, f"/models/known/versions/2{path}", json={} if method == "PATCH" else None)
        assert (answer.status_code, code_of(answer)) == (404, "version_not_found")
