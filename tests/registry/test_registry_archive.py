"""Archived models and versions: not offered any more, and still there for those who have them."""

from __future__ import annotations

import httpx
from databases import ON_BOTH_DATABASES
from sample_models import announce, code_of, linear_model

from mlp.client.registry import RegistryClient

pytestmark = ON_BOTH_DATABASES


def push(client: RegistryClient, name: str, *slopes: int) -> None:
    for slope in slopes:
        sample = linear_model(slope)
        client.push(name, sample.manifest, sample.onnx)


def listed(http: httpx.Client, path: str, key: str) -> list[object]:
    return [item[key] for item in http.get(path).json()["items"]]


def test_an_archived_version_is_out_of_lists_and_can_be_downloaded(http: httpx.Client, client: RegistryClient) -> None:
    push(client, "aged", 1, 2)
    client.archive("aged", 2)
    assert listed(http, "/models/aged/versions", "version") == [1]
    assert listed(http, "/models/aged/versions?archived=true", "version") == [2, 1]
    assert client.model("aged").latest_version == 1
    assert client.aliases.get("aged", "latest").version == 1
    assert http.get("/models/aged/versions/2/artifact").content == linear_model(2).onnx
    assert client.version("aged", 2).archived_at is not None
    client.archive("aged", 2, archived=False)
    assert listed(http, "/models/aged/versions", "version") == [2, 1]
    assert client.version("aged", 2).archived_at is None


def test_no_alias_points_to_what_is_archived(http: httpx.Client, client: RegistryClient) -> None:
    push(client, "pointed", 1, 2)
    client.aliases.set("pointed", "production", 1)
    refused = http.patch("/models/pointed/versions/1", json={"archived": True})
    assert (refused.status_code, code_of(refused)) == (409, "in_use")
    assert "pointed@production" in refused.json()["error"]["message"]
    assert code_of(http.patch("/models/pointed", json={"archived": True})) == "in_use"
    client.archive("pointed", 2)
    refused = http.put("/models/pointed/aliases/production", json={"version": 2})
    assert (refused.status_code, code_of(refused)) == (409, "archived")
    client.aliases.remove("pointed", "production")
    client.archive("pointed", 1)
    assert client.model("pointed").latest_version is None


def test_an_archived_model_takes_no_pushes(http: httpx.Client, client: RegistryClient) -> None:
    push(client, "closed", 1)
    client.archive("closed")
    assert "closed" not in listed(http, "/models?search=closed", "name")
    assert "closed" in listed(http, "/models?search=closed&archived=true", "name")
    for sample in (linear_model(1), linear_model(2)):
        refused = announce(http, "closed", sample)
        assert (refused.status_code, code_of(refused)) == (409, "archived")
    refused = http.put("/models/closed/aliases/production", json={"version": 1})
    assert code_of(refused) == "archived"
    assert http.get("/models/closed/versions/1/artifact").status_code == 200
    client.archive("closed", archived=False)
    push(client, "closed", 2)
    assert client.model("closed").latest_version == 2


def test_archiving_is_told_once_in_the_audit_log(http: httpx.Client, client: RegistryClient) -> None:
    push(client, "told", 1)
    for archived in (True, True, False):
        client.archive("told", 1, archived=archived)
    http.patch("/models/told", json={"archived": True, "description": "old"}).raise_for_status()
    actions = [event["action"] for event in http.get("/events?model=told").json()["items"]]
    assert actions[:4] == ["model.changed", "model.archived", "version.unarchived", "version.archived"]
    assert actions.count("version.archived") == 1


def test_what_is_no_truth_value_is_refused(http: httpx.Client, client: RegistryClient) -> None:
    push(client, "strict", 1)
    for wrong in ("yes", 1, []):
        assert http.patch("/models/strict/versions/1", json={"archived": wrong}).status_code == 422
    assert http.get("/models?archived=perhaps").status_code == 422
    assert code_of(http.patch("/models/strict/versions/9", json={"archived": True})) == "version_not_found"
    assert code_of(http.patch("/models/nobody", json={"archived": True})) == "model_not_found"


def test_a_model_made_anew_under_the_name_of_an_archived_one_is_not_archived(http, client: RegistryClient) -> None:
    push(client, "reborn", 1)
    client.archive("reborn")
    http.delete("/models/reborn").raise_for_status()
    push(client, "reborn", 1)
    assert client.model("reborn").archived_at is None
