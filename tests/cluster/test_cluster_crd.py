"""The CustomResourceDefinition, as a real API server takes it."""

import json

import pytest

from mlp.api.crd import crd_yaml
from tests.cluster.control_plane import MANIFESTS
from tests.cluster.namespace import document
from tests.cluster.operator_process import wait_for

CRD = "modeldeployments.ml.example.com"


def test_it_is_established_and_applying_it_again_changes_nothing(plane):
    before = json.loads(plane.kubectl("get", "crd", CRD, "-o", "json").stdout)
    conditions = {each["type"]: each["status"] for each in before["status"]["conditions"]}
    assert conditions["Established"] == "True"
    assert "NonStructuralSchema" not in conditions
    plane.kubectl("apply", "--server-side", "-f", str(MANIFESTS / "model-deployment-crd.yaml"))
    after = json.loads(plane.kubectl("get", "crd", CRD, "-o", "json").stdout)
    assert after["metadata"]["generation"] == before["metadata"]["generation"]


def test_an_unknown_field_is_refused_where_validation_is_strict_and_dropped_where_not(namespace):
    refused = namespace.apply("unknown", image="evil")
    assert refused.returncode != 0
    assert 'unknown field "spec.image"' in refused.stderr
    body = json.dumps(document("pruned", image="evil"))
    namespace.kubectl("create", "--validate=ignore", "-f", "-", stdin=body)
    assert "image" not in namespace.model("pruned")["spec"]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            {"autoscaling": {"enabled": True, "minReplicas": 5, "maxReplicas": 2}},
            "minReplicas must not exceed maxReplicas",
        ),
        ({"autoscaling": {"enabled": True, "maxReplicas": 0}}, "greater than or equal to 1"),
        ({"autoscaling": {"enabled": True}}, "autoscaling needs maxReplicas"),
        (
            {"autoscaling": {"enabled": True, "maxReplicas": 3, "targetCPUUtilizationPercentage": 101}},
            "less than or equal to 100",
        ),
        (
            {"autoscaling": {"enabled": True, "maxReplicas": 3}, "resources": {"requests": {"memory": "1Gi"}}},
            "autoscaling needs resources.requests.cpu",
        ),
        (
            {"resources": {"requests": {"cpu": 2}, "limits": {"cpu": "1500m"}}},
            "resources.requests.cpu must not exceed resources.limits.cpu",
        ),
        ({"resources": {"requests": {"memory": "many"}}}, "spec.resources.requests.memory"),
        ({"replicas": -1}, "spec.replicas"),
        ({"modelVersion": 0}, "spec.modelVersion"),
        ({"modelName": "No Name"}, "spec.modelName"),
    ],
)
def test_a_wrong_spec_is_refused_in_words(namespace, spec, words):
    refused = namespace.apply("wrong", **spec)
    assert refused.returncode != 0
    assert words in refused.stderr


@pytest.mark.parametrize("name", ["1iris", "a" * 51, "iris.v2"])
def test_a_name_that_children_could_not_have_is_refused(namespace, name):
    refused = namespace.apply(name)
    assert refused.returncode != 0
    assert "begins with a letter" in refused.stderr or "RFC 1123" in refused.stderr


def test_the_model_of_a_deployment_cannot_change_and_its_version_can(namespace):
    namespace.deploy("fixed")
    refused = namespace.patch("fixed", {"modelName": "other"}, check=False)
    assert refused.returncode != 0
    assert "modelName cannot change" in refused.stderr
    namespace.patch("fixed", {"modelVersion": 2})
    assert namespace.model("fixed")["spec"]["modelVersion"] == 2


def test_a_minimal_deployment_reads_back_with_the_documented_defaults(namespace):
    namespace.deploy("minimal")
    assert namespace.model("minimal")["spec"] == {
        "modelName": "iris",
        "modelVersion": 1,
        "replicas": 1,
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}},
        "suspend": False,
    }


def test_an_object_that_a_later_rule_forbids_still_takes_labels_and_status(plane, namespace):
    namespace.deploy("early", environment="outside")
    name = "{.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.environment.pattern}"
    assert plane.kubectl("get", "crd", CRD, "-o", f"jsonpath={name}").stdout
    path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/environment/pattern"
    tighter = [{"op": "replace", "path": path, "value": "^(production|staging)$"}]
    try:
        plane.kubectl("patch", "crd", CRD, "--type=json", "-p", json.dumps(tighter))
        wait_for(lambda: namespace.apply("late", environment="outside").returncode != 0, "the tighter rule holds")
        namespace.kubectl("label", "modeldeployment", "early", "team=risk")
        patch = json.dumps({"status": {"replicas": 1}})
        namespace.kubectl("patch", "modeldeployment", "early", "--subresource=status", "--type=merge", "-p", patch)
        assert namespace.model("early")["status"]["replicas"] == 1
    finally:
        plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=crd_yaml())


def test_the_status_is_written_through_its_own_path_and_never_counts_as_a_new_spec(namespace):
    namespace.deploy("states")
    generation = namespace.model("states")["metadata"]["generation"]
    patch = json.dumps({"status": {"replicas": 7}})
    namespace.kubectl("patch", "modeldeployment", "states", "--type=merge", "-p", patch)
    assert "status" not in namespace.model("states")
    namespace.kubectl("patch", "modeldeployment", "states", "--subresource=status", "--type=merge", "-p", patch)
    found = namespace.model("states")
    assert found["status"]["replicas"] == 7
    assert found["metadata"]["generation"] == generation
    forged = {**found, "status": {"replicas": 99}}
    namespace.kubectl("replace", "-f", "-", stdin=json.dumps(forged))
    assert namespace.model("states")["status"] == {"replicas": 7}


def test_kubectl_scales_it_and_shows_it_in_columns(namespace):
    namespace.deploy("shown")
    namespace.kubectl("scale", "modeldeployment", "shown", "--replicas=4")
    assert namespace.model("shown")["spec"]["replicas"] == 4
    header, row = namespace.kubectl("get", "md", "shown").stdout.splitlines()
    assert header.split() == ["NAME", "READY", "VERSION", "DESIRED", "AVAILABLE", "AGE"]
    assert row.split()[:3] == ["shown", "1", "4"]
