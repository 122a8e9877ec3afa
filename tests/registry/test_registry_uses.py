"""Uses: they keep a version from being deleted, and end by themselves."""

from __future__ import annotations

import httpx
import pytest
from databases import ON_BOTH_DATABASES
from registry_process import Registry
from sample_models import code_of, linear_model

from mlp.api.use import USE_LASTS
from mlp.client.registry import RegistryClient
from mlp.errors import Invalid, NotFound

pytestmark = ON_BOTH_DATABASES


@pytest.fixture(scope="module")
def used(registry: Registry) -> str:
    with registry.client() as client:
        for slope in (601.0, 602.0):
            sample = linear_model(slope)
            client.push("used", sample.manifest, sample.onnx)
    return "used"


def test_a_use_begins_goes_on_and_ends(http: httpx.Client, client: RegistryClient, used: str) -> None:
    path = f"/models/{used}/versions/1/uses/ml-platform.iris"
    began = http.put(path)
    assert began.status_code == 201
    kept = http.put(path)
    assert kept.status_code == 200
    assert kept.json()["since"] == began.json()["since"]
    assert kept.json()["expires_at"] > began.json()["expires_at"]
    use = client.uses.of(used, 1)[0]
    assert use.holder == "ml-platform.iris"
    assert USE_LASTS * 0.9 < use.expires_at - use.since < USE_LASTS * 2
    client.uses.end(used, 1, "ml-platform.iris")
    client.uses.end(used, 1, "ml-platform.iris")
    assert client.uses.of(used, 1) == []


def test_uses_are_listed_by_holder_in_pages(client: RegistryClient, http: httpx.Client, used: str) -> None:
    for number in range(5):
        client.uses.keep(used, 2, f"page-{number}")
    first = http.get(f"/models/{used}/versions/2/uses", params={"limit": 2}).json()
    second = http.get(f"/models/{used}/versions/2/uses", params={"limit": 9, "cursor": first["next"]}).json()
    assert [use["holder"] for use in (*first["items"], *second["items"])] == [f"page-{n}" for n in range(5)]
    assert second["next"] is None


def test_a_used_version_is_not_deleted(client: RegistryClient, http: httpx.Client, used: str) -> None:
    client.uses.keep(used, 1, "somebody")
    for path in (f"/models/{used}/versions/1", f"/models/{used}"):
        refused = http.delete(path)
        assert (refused.status_code, code_of(refused)) == (409, "in_use")
        assert "somebody uses it" in refused.json()["error"]["message"]
    client.uses.end(used, 1, "somebody")


def test_what_does_not_exist_is_used_by_nobody(client: RegistryClient) -> None:
    with pytest.raises(NotFound) as refusal:
        client.uses.keep("used", 99, "somebody")
    assert refusal.value.code == "version_not_found"
    with pytest.raises(NotFound) as refusal:
        client.uses.keep("nothing", 1, "somebody")
    assert refusal.value.code == "model_not_found"
    with pytest.raises(NotFound):
        client.uses.of("used", 99)
    with pytest.raises(Invalid):
        client.uses.keep("used", 1, "../../aliases/production")


@pytest.mark.parametrize("holder", ["A", "a%2Fb", "%2e%2e", "a" * 254, "a%00", "a%0a", "-a", "%ff"])
def test_what_is_no_holder_holds_nothing(http: httpx.Client, used: str, holder: str) -> None:
    answer = http.put(f"/models/{used}/versions/1/uses/{holder}")
    assert (answer.status_code, code_of(answer)) in {
        (422, "invalid_name"),
        (404, "not_found"),
        (405, "method_not_allowed"),
    }
