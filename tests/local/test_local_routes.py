"""The agent's API as any client of its socket sees it."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest


@pytest.fixture
def api(running):
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(running.home.socket)), base_url="http://agent") as client:
        yield client


DOCUMENT = {
    "apiVersion": "ml.example.com/v1",
    "kind": "ModelDeployment",
    "metadata": {"name": "iris"},
    "spec": {"modelName": "iris", "modelVersion": 1},
}


def test_a_deployment_is_created_then_changed_then_listed(api):
    created = api.put("/deployments/iris", json=DOCUMENT)
    assert created.status_code == 201
    assert created.json()["metadata"]["generation"] == 1
    assert api.put("/deployments/iris", json=DOCUMENT).status_code == 200
    assert [item["metadata"]["name"] for item in api.get("/deployments").json()["items"]] == ["iris"]
    assert [line["name"] for line in api.get("/status").json()["processes"]] == ["registry", "iris"]


def test_faults_are_answered_with_an_error_document(api):
    unknown_field = DOCUMENT | {"spec": DOCUMENT["spec"] | {"image": "evil"}}
    answers = [
        (api.put("/deployments/iris", content=b"{"), 422, "invalid_deployment"),
        (api.put("/deployments/iris", json=[]), 422, "invalid_deployment"),
        (api.put("/deployments/iris", json=unknown_field), 422, "invalid_deployment"),
        (api.put("/deployments/other", json=DOCUMENT), 422, "name_mismatch"),
        (api.get("/deployments/iris"), 404, "deployment_not_found"),
        (api.delete("/deployments/iris"), 404, "deployment_not_found"),
        (api.get("/nowhere"), 404, "not_found"),
        (api.post("/status"), 405, "method_not_allowed"),
    ]
    for answer, status, code in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "spec.image" in json.dumps(answers[2][0].json())


def test_a_folder_that_cannot_be_written_refuses_a_deployment_and_keeps_none(api, running):
    running.home.deployments.rmdir()
    refused = api.put("/deployments/iris", json=DOCUMENT)
    assert (refused.status_code, refused.json()["error"]["code"]) == (507, "storage_failed")
    assert api.get("/deployments").json() == {"items": []}
    running.home.deployments.mkdir()
    assert api.put("/deployments/iris", json=DOCUMENT).status_code == 201


def test_who_waits_for_a_change_is_told_at_once_and_nobody_waits_for_long(api):
    now = api.get("/status").json()["change"]
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(api.get, "/status", params={"after": now, "wait": 20})
        api.put("/deployments/iris", json=DOCUMENT)
        changed = waiting.result(20).json()
    assert changed["change"] != now
    assert "iris" in [line["name"] for line in changed["processes"]]
    assert api.get("/status", params={"after": "another agent's", "wait": 20}).status_code == 200
    assert (
        api.get("/status", params={"after": changed["change"], "wait": "soon"}).json()["error"]["code"]
        == "invalid_wait"
    )


def test_a_deployment_tells_its_history_its_events_and_why_it_serves(api, running):
    asked = DOCUMENT | {"metadata": {"name": "iris", "annotations": {"ml.example.com/change-cause": "a test"}}}
    api.put("/deployments/iris", json=asked)
    running.serving()
    api.put("/deployments/iris", json=DOCUMENT | {"spec": {"modelName": "iris", "modelVersion": 1_000}})
    running.degraded()
    newest, first = api.get("/deployments/iris/history").json()["items"]
    assert (first["cause"], first["outcome"], first["spec"]["modelVersion"]) == ("a test", "succeeded", 1)
    assert (newest["outcome"], newest["reason"], newest["current"]) == ("failed", "GoldenRowsFailed", True)
    events = api.get("/deployments/iris/events").json()["items"]
    assert {"Started", "Ready", "GoldenRowsFailed"} <= {event["reason"] for event in events}
    why = api.get("/deployments/iris/why").json()
    assert (why["ok"], why["reason"], why["served_version"]) == (False, "GoldenRowsFailed", 1)
    assert why["log"] == ["version 1 is ready"]
    api.delete("/deployments/iris")
    for kind in ("history", "events", "why"):
        assert api.get(f"/deployments/iris/{kind}").json()["error"]["code"] == "deployment_not_found"
