"""An operator that finds what another release of it has made."""

import pytest
import yaml

from mlp.controller.identity import MANAGER
from mlp.kube.resource import AUTOSCALERS, DEPLOYMENTS, DISRUPTION_BUDGETS, SERVICES
from tests.cluster.operator_process import wait_for
from tests.controller.test_controller_render import FILE
from tests.controller.views import PODS

NAME = "my-model"
KINDS = {resource.kind: resource for resource in (DEPLOYMENTS, SERVICES, DISRUPTION_BUDGETS, AUTOSCALERS)}
SPEC = {
    "modelVersion": 2,
    "replicas": 3,
    "environment": "production",
    "resources": {"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
    "autoscaling": {"enabled": True, "maxReplicas": 10},
}
SAME_PODS = {
    "MLP_INFERENCE_IMAGE": PODS.image,
    "MLP_POD_REGISTRY_URL": PODS.registry_url,
    "MLP_PROGRESS_DEADLINE_SECONDS": str(PODS.progress_deadline_seconds),
}


@pytest.fixture
def namespace(new_namespace):
    return new_namespace()


def made_before(namespace, change=lambda body: None):
    """Make a ModelDeployment and its children as an earlier release did; return the Deployment."""
    model = namespace.deploy(NAME, **SPEC)
    for child in yaml.safe_load_all(FILE.read_text(encoding="utf-8")):
        child["metadata"]["namespace"] = namespace.name
        child["metadata"]["ownerReferences"][0]["uid"] = model["metadata"]["uid"]
        change(child)
        namespace.client.apply(KINDS[child["kind"]], child, manager=MANAGER, force=False)
    return namespace.deployment(NAME)


def test_children_of_an_earlier_release_are_taken_over_and_no_pod_is_replaced(namespace, start):
    before = made_before(namespace)
    start(namespace, **SAME_PODS).wait_until_leading()
    namespace.wait_for_reason(NAME, "Starting")
    after = namespace.deployment(NAME)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["spec"] == before["spec"]


def test_children_of_a_release_that_made_them_otherwise_keep_their_selector(namespace, start):
    def otherwise(child):
        if child["kind"] != "Deployment":
            return
        container = child["spec"]["template"]["spec"]["containers"][0]
        container["ports"].pop()
        container["env"].append({"name": "MLP_GONE", "value": "1"})
        container["image"] = "ml-platform/inference-server:0"
        del child["spec"]["template"]["metadata"]["annotations"]["ml.example.com/template"]

    before = made_before(namespace, otherwise)
    start(namespace, **SAME_PODS).wait_until_leading()
    image = lambda: container_of(namespace.deployment(NAME))["image"]  # noqa: E731
    wait_for(lambda: image() == PODS.image, "the image of this release")
    namespace.wait_for_reason(NAME, "Starting")
    after = namespace.deployment(NAME)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["spec"]["selector"] == before["spec"]["selector"]
    assert after["spec"]["replicas"] == before["spec"]["replicas"] == 3
    assert "MLP_GONE" not in {each["name"] for each in container_of(after)["env"]}


def container_of(deployment):
    return deployment["spec"]["template"]["spec"]["containers"][0]
