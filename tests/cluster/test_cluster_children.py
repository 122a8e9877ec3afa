"""What the operator makes of a ModelDeployment, on a real API server."""

import json

import pytest

from mlp.kube.client import WatchOptions
from mlp.kube.resource import AUTOSCALERS, DEPLOYMENTS, DISRUPTION_BUDGETS, SERVICES
from tests.cluster.admission import WORDS, refused_budgets
from tests.cluster.operator_process import wait_for

LONGEST = "a" * 50
AUTOSCALED = {"enabled": True, "maxReplicas": 10}
REVERTED_WITHIN = 5


@pytest.fixture(autouse=True, scope="module")
def _running(operator):
    return operator


def children(namespace, name):
    found = {DEPLOYMENTS: name, SERVICES: f"{name}-service", DISRUPTION_BUDGETS: name}
    return {resource: namespace.child(resource, child) for resource, child in found.items()}


@pytest.mark.parametrize("name", ["plain", LONGEST])
def test_every_child_has_the_deployment_as_its_one_controller(namespace, name):
    namespace.deploy(name)
    uid = namespace.model(name)["metadata"]["uid"]
    for resource, child in children(namespace, name).items():
        owners = child["metadata"]["ownerReferences"]
        assert [(owner["uid"], owner["controller"]) for owner in owners] == [(uid, True)], resource.kind
    namespace.wait_until_settled(name)
    assert namespace.get(AUTOSCALERS, name) is None
    namespace.patch(name, {"autoscaling": AUTOSCALED})
    (owner,) = namespace.child(AUTOSCALERS, name)["metadata"]["ownerReferences"]
    assert (owner["uid"], owner["controller"]) == (uid, True)


def test_everything_that_the_operator_writes_is_applied_under_its_own_name(namespace):
    namespace.deploy("owned", autoscaling=AUTOSCALED)
    namespace.wait_until_settled("owned")
    wait_for(lambda: namespace.get(AUTOSCALERS, "owned"), "an autoscaler")
    written = [
        (DEPLOYMENTS, "owned"),
        (SERVICES, "owned-service"),
        (DISRUPTION_BUDGETS, "owned"),
        (AUTOSCALERS, "owned"),
    ]
    for resource, name in written:
        entries = namespace.child(resource, name)["metadata"]["managedFields"]
        assert {(e["manager"], e["operation"]) for e in entries} <= {
            ("mlp-operator", "Apply"),
            ("mlp-handover", "Apply"),
        }
    entries = namespace.model("owned")["metadata"]["managedFields"]
    assert ("mlp-operator-status", "Apply", "status") in {
        (e["manager"], e["operation"], e.get("subresource")) for e in entries
    }


def test_an_edited_field_is_put_back_and_what_others_add_stays(namespace):
    namespace.deploy("edited", replicas=2)
    namespace.wait_until_settled("edited")
    namespace.merge(DEPLOYMENTS, "edited", {"metadata": {"labels": {"team": "risk"}}})
    namespace.merge(DEPLOYMENTS, "edited", {"spec": {"replicas": 7}})
    ports = [{"name": "http", "port": 8001, "protocol": "TCP", "targetPort": 99}]
    namespace.merge(SERVICES, "edited-service", {"spec": {"ports": ports}})
    wait_for(lambda: namespace.deployment("edited")["spec"]["replicas"] == 2, "replicas are put back", REVERTED_WITHIN)
    port = lambda: namespace.child(SERVICES, "edited-service")["spec"]["ports"][0]["targetPort"]  # noqa: E731
    wait_for(lambda: port() == "http", "the port is put back", REVERTED_WITHIN)
    assert namespace.deployment("edited")["metadata"]["labels"]["team"] == "risk"


@pytest.mark.parametrize("resource", [DEPLOYMENTS, SERVICES, DISRUPTION_BUDGETS], ids=lambda each: each.kind)
def test_a_deleted_child_is_made_anew(namespace, resource):
    namespace.deploy("deleted")
    before = children(namespace, "deleted")[resource]
    namespace.client.delete(resource, before)
    name = before["metadata"]["name"]

    def anew():
        found = namespace.get(resource, name)
        return found is not None and found["metadata"]["uid"] != before["metadata"]["uid"]

    wait_for(anew, f"a new {resource.kind}", REVERTED_WITHIN)


def test_what_leaves_the_spec_leaves_the_children(namespace):
    namespace.deploy("leaving", environment="staging", resources={"limits": {"cpu": "1", "memory": "1Gi"}})
    live = namespace.wait_until_settled("leaving")
    assert live["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "1", "memory": "1Gi"}
    namespace.deploy("leaving")
    live = namespace.wait_until_settled("leaving")
    container = live["spec"]["template"]["spec"]["containers"][0]
    assert "limits" not in container["resources"]
    assert "MLP_ENVIRONMENT" not in {each["name"] for each in container["env"]}
    assert "environment" not in live["metadata"]["labels"]


def test_replicas_never_dip_on_their_way_to_the_autoscaler_and_back(namespace):
    namespace.deploy("scaled", replicas=5)
    namespace.wait_until_settled("scaled")
    live = namespace.deployment("scaled")
    namespace.patch("scaled", {"autoscaling": AUTOSCALED})
    wait_for(lambda: namespace.get(AUTOSCALERS, "scaled"), "an autoscaler")
    wait_for(lambda: not owns_replicas(namespace.deployment("scaled")), "replicas are handed over")
    namespace.kubectl("scale", "deployment", "scaled", "--replicas=7")
    namespace.patch("scaled", {"modelVersion": 2})
    wait_for(lambda: version_of(namespace.deployment("scaled")) == "2", "version 2")
    assert namespace.deployment("scaled")["spec"]["replicas"] == 7
    namespace.patch("scaled", {"autoscaling": None, "replicas": 6})
    wait_for(lambda: namespace.get(AUTOSCALERS, "scaled") is None, "no autoscaler")
    wait_for(lambda: owns_replicas(namespace.deployment("scaled")), "replicas are owned again")
    since = live["metadata"]["resourceVersion"]
    changes = namespace.client.watch(DEPLOYMENTS, namespace.name, since, WatchOptions(seconds=1, silence=10))
    seen = [obj["spec"]["replicas"] for _, obj in changes if obj["metadata"].get("name") == "scaled"]
    assert seen[-1] == 6
    assert set(seen) == {5, 7, 6}


def test_a_new_autoscaled_deployment_begins_at_its_lower_bound_and_is_left_alone(namespace):
    namespace.deploy("fresh", autoscaling={"enabled": True, "minReplicas": 3, "maxReplicas": 5})
    wait_for(lambda: not owns_replicas(namespace.deployment("fresh")), "replicas are handed over")
    assert namespace.deployment("fresh")["spec"]["replicas"] == 3
    scaler = namespace.child(AUTOSCALERS, "fresh")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 5)
    assert scaler["metrics"][0]["resource"]["target"]["averageUtilization"] == 80


def test_an_autoscaled_deployment_at_zero_is_woken(namespace):
    namespace.deploy("woken", replicas=0)
    namespace.wait_until_settled("woken")
    namespace.patch("woken", {"autoscaling": AUTOSCALED})
    wait_for(lambda: namespace.deployment("woken")["spec"]["replicas"] == 1, "a replica to scale from")


@pytest.mark.parametrize(
    "owner", [None, {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u", "controller": True}]
)
def test_a_stranger_of_the_same_name_is_left_alone_until_it_is_gone(namespace, owner):
    name = "taken" if owner is None else "taken-by-other"
    metadata = {"name": f"{name}-service"} | ({"ownerReferences": [owner]} if owner else {})
    body = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 1}]}}
    namespace.kubectl("create", "-f", "-", stdin=json.dumps(body))
    stranger = namespace.child(SERVICES, f"{name}-service")
    namespace.deploy(name)
    condition = namespace.wait_for_reason(name, "ResourceConflict")
    assert condition["status"] == "False"
    assert f"{name}-service" in condition["message"]
    wait_for(lambda: namespace.reasons(name) == ["ResourceConflict"], "one event")
    assert (
        namespace.child(SERVICES, f"{name}-service")["metadata"]["resourceVersion"]
        == (stranger["metadata"]["resourceVersion"])
    )
    assert namespace.get(DEPLOYMENTS, name) is None
    namespace.client.delete(SERVICES, stranger)
    namespace.wait_for_reason(name, "Starting")
    assert namespace.get(DEPLOYMENTS, name) is not None
    assert namespace.condition(name, "Degraded")["status"] == "False"


def test_a_suspended_deployment_is_not_written_to_and_goes_on_afterwards(namespace):
    namespace.deploy("paused", replicas=2)
    namespace.roll_out("paused")
    namespace.wait_for_reason("paused", "Serving")
    namespace.patch("paused", {"suspend": True, "modelVersion": 2})
    condition = namespace.wait_for_reason("paused", "Suspended")
    assert condition["status"] == "False"
    namespace.kubectl("scale", "deployment", "paused", "--replicas=4")
    namespace.patch("paused", {"replicas": 1})
    namespace.wait_for_reason("paused", "Suspended")
    assert (version_of(namespace.deployment("paused")), namespace.deployment("paused")["spec"]["replicas"]) == ("1", 4)
    namespace.patch("paused", {"suspend": False})
    wait_for(lambda: version_of(namespace.deployment("paused")) == "2", "version 2")
    assert namespace.deployment("paused")["spec"]["replicas"] == 1


def test_a_suspended_deployment_that_serves_its_spec_stays_ready(namespace):
    namespace.deploy("resting")
    namespace.roll_out("resting")
    namespace.wait_for_reason("resting", "Serving")
    namespace.patch("resting", {"suspend": True})
    assert namespace.wait_for_reason("resting", "Suspended")["status"] == "True"
    namespace.kubectl("delete", "modeldeployment", "resting", "--timeout=10s")


def test_the_selector_is_the_same_after_any_change(namespace):
    namespace.deploy("selected")
    before = namespace.wait_until_settled("selected")["spec"]["selector"]
    namespace.deploy("selected", modelVersion=3, replicas=4, environment="production", autoscaling=AUTOSCALED)
    wait_for(lambda: version_of(namespace.deployment("selected")) == "3", "version 3")
    after = namespace.deployment("selected")["spec"]
    assert after["selector"] == before
    assert before["matchLabels"].items() <= after["template"]["metadata"]["labels"].items()


def test_labels_are_the_recommended_ones_and_the_version_is_in_no_selector(namespace):
    namespace.deploy("labelled", modelVersion=2, autoscaling=AUTOSCALED)
    wanted = {
        "app.kubernetes.io/name": "inference-server",
        "app.kubernetes.io/instance": "labelled",
        "app.kubernetes.io/version": "2",
        "app.kubernetes.io/component": "inference-server",
        "app.kubernetes.io/part-of": "mlp",
        "app.kubernetes.io/managed-by": "mlp-operator",
    }
    found = children(namespace, "labelled") | {AUTOSCALERS: namespace.child(AUTOSCALERS, "labelled")}
    for child in found.values():
        assert wanted.items() <= child["metadata"]["labels"].items()
    assert "2" not in found[DEPLOYMENTS]["spec"]["selector"]["matchLabels"].values()
    assert "2" not in found[SERVICES]["spec"]["selector"].values()


def test_pods_spread_over_zones_and_nodes(namespace):
    namespace.deploy("spread")
    spec = namespace.wait_until_settled("spread")["spec"]
    constraints = spec["template"]["spec"]["topologySpreadConstraints"]
    assert {each["topologyKey"] for each in constraints} == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    for each in constraints:
        assert each["whenUnsatisfiable"] == "ScheduleAnyway"
        assert each["labelSelector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()


def test_what_the_server_refuses_is_told_in_its_words_tried_seldom_and_delays_no_other(namespace):
    with refused_budgets(namespace):
        namespace.deploy("forbidden")
        wait_for(lambda: namespace.condition("forbidden", "Degraded")["reason"] == "Rejected", "a refusal")
        assert WORDS in namespace.condition("forbidden", "Degraded")["message"]
        namespace.deploy("allowed")
        namespace.roll_out("allowed")
        namespace.wait_for_reason("allowed", "Serving")
        assert namespace.reasons("forbidden") == ["Rejected"]
        assert len(attempts(namespace)) == 1  # the next one is due after 60 to 90 s


def attempts(namespace):
    """Return the operator's applies of a budget that the server refused."""
    written = [json.loads(line) for line in namespace.plane.audit_log.read_text().splitlines()]
    refused = {"namespace": namespace.name, "resource": "poddisruptionbudgets", "name": "forbidden"}
    return [line for line in written if line["verb"] == "patch" and refused.items() <= line["objectRef"].items()]


def owns_replicas(deployment):
    return any(
        entry["manager"] == "mlp-operator" and "f:replicas" in entry["fieldsV1"].get("f:spec", {})
        for entry in deployment["metadata"]["managedFields"]
    )


def version_of(deployment):
    return deployment["spec"]["template"]["metadata"]["labels"]["model-version"]
