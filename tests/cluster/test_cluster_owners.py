"""Deleting and making anew, with Kubernetes' own garbage collector and Deployment controller."""

import pytest

from mlp.kube.resource import DEPLOYMENTS, DISRUPTION_BUDGETS, PODS, SERVICES
from tests.cluster.control_plane import what_is_missing
from tests.cluster.operator_process import wait_for


@pytest.fixture(autouse=True, scope="module")
def _controllers(plane):
    missing = what_is_missing("kube-controller-manager")
    if missing is not None:
        pytest.skip(f"no controllers: {missing}")
    with plane.controller_manager():
        yield


@pytest.fixture
def namespace(new_namespace):
    return new_namespace()


def children(namespace, name):
    found = {DEPLOYMENTS: name, SERVICES: f"{name}-service", DISRUPTION_BUDGETS: name}
    return {resource: obj for resource, child in found.items() if (obj := namespace.get(resource, child))}


def owners(namespace, name):
    return {obj["metadata"]["ownerReferences"][0]["uid"] for obj in children(namespace, name).values()}


def test_deleting_a_deployment_needs_no_operator(namespace, start):
    operator = start(namespace).wait_until_leading()
    namespace.deploy("gone")
    wait_for(lambda: len(children(namespace, "gone")) == 3, "three children")
    operator.stop()
    assert "finalizers" not in namespace.model("gone")["metadata"]
    namespace.kubectl("delete", "modeldeployment", "gone", "--timeout=20s")
    wait_for(lambda: not children(namespace, "gone"), "no children", 40)


def test_a_deployment_made_anew_while_the_operator_was_down_gets_children_of_its_own(namespace, start):
    operator = start(namespace).wait_until_leading()
    namespace.deploy("again", replicas=2)
    wait_for(lambda: len(children(namespace, "again")) == 3, "three children")
    operator.stop()
    before = namespace.model("again")["metadata"]["uid"]
    namespace.kubectl("delete", "modeldeployment", "again", "--timeout=20s")
    namespace.deploy("again", modelVersion=2)
    uid = namespace.model("again")["metadata"]["uid"]
    assert uid != before
    start(namespace).wait_until_leading()
    wait_for(lambda: len(children(namespace, "again")) == 3 and owners(namespace, "again") == {uid}, "new children", 40)
    made = {resource: obj["metadata"]["uid"] for resource, obj in children(namespace, "again").items()}
    namespace.wait_for_reason("again", "Starting", 40)
    assert {resource: obj["metadata"]["uid"] for resource, obj in children(namespace, "again").items()} == made


def test_a_quota_that_refuses_pods_is_told_while_others_go_on(namespace, start):
    start(namespace).wait_until_leading()
    namespace.kubectl("create", "quota", "few", "--hard=pods=0")
    wait_for(
        lambda: "pods" in namespace.kubectl("get", "quota", "few", "-o", "jsonpath={.status.hard}").stdout, "a quota"
    )
    namespace.deploy("starved")
    condition = namespace.wait_for_reason("starved", "QuotaExceeded", 40)
    assert "exceeded quota" in condition["message"]
    namespace.kubectl("delete", "quota", "few")


def test_names_at_their_limits_become_names_and_labels_of_pods(namespace, start, registry):
    longest, environment = "a" * 50, "e" * 63
    registry.versions.add((longest, 1))
    start(namespace).wait_until_leading()
    namespace.deploy(longest, modelName=longest, environment=environment)
    wait_for(lambda: pods(namespace), "a pod", 40)
    labels = pods(namespace)[0]["metadata"]["labels"]
    assert (labels["model-name"], labels["environment"]) == (longest, environment)


def pods(namespace):
    return [pod for page in namespace.client.pages(PODS, namespace.name) for pod in page.items]


def test_pods_of_a_new_version_stay_beside_the_old_ones_until_they_serve(namespace, start):
    start(namespace).wait_until_leading()
    namespace.deploy("rolling", replicas=2)

    wait_for(lambda: len(pods(namespace)) == 2, "two pods", 40)
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}}
    for pod in pods(namespace):
        namespace.merge(PODS, pod["metadata"]["name"], ready, "status")
    namespace.wait_for_reason("rolling", "Serving", 40)
    namespace.patch("rolling", {"modelVersion": 2})
    condition = namespace.wait_for_reason("rolling", "Starting", 40)
    assert "version 1 still answers" in condition["message"]
    status = namespace.model("rolling")["status"]
    assert status["servedVersion"] == 1
    assert status["availableReplicas"] == 2
