"""What the operator tells of a ModelDeployment, on a real API server; the test plays the Deployment controller."""

import json
import subprocess

import pytest

from mlp.controller.identity import MODEL_DEPLOYMENTS
from mlp.errors import Invalid
from mlp.kube.resource import DEPLOYMENTS, PODS
from tests.cluster.operator_process import wait_for


@pytest.fixture(autouse=True, scope="module")
def _running(start, namespace):
    return start(namespace, MLP_USE_SECONDS="2").wait_until_leading()


def serving(namespace, name, **spec):
    namespace.deploy(name, **spec)
    namespace.roll_out(name)
    namespace.wait_for_reason(name, "Serving")


def test_ready_means_that_every_pod_is_of_the_present_spec_and_serves(namespace):
    namespace.deploy("counted", replicas=3)
    live = namespace.wait_until_settled("counted")
    short = {"replicas": 3, "updatedReplicas": 3, "readyReplicas": 3}
    for numbers in (
        {"replicas": 3, "updatedReplicas": 1, "readyReplicas": 3, "availableReplicas": 3},
        {**short, "availableReplicas": 2},
        {"replicas": 4, "updatedReplicas": 3, "readyReplicas": 4, "availableReplicas": 4},
        {**short, "availableReplicas": 3, "observedGeneration": live["metadata"]["generation"] - 1},
    ):
        namespace.say(live, **numbers)
        wait_for(
            lambda n=numbers: status(namespace, "counted").get("replicas") == n["replicas"], "the numbers are told"
        )
        wait_for(lambda n=numbers: status(namespace, "counted")["availableReplicas"] == n["availableReplicas"], "told")
        assert namespace.condition("counted", "Ready")["status"] == "False"
    namespace.say(live, **short, availableReplicas=3)
    assert namespace.wait_for_reason("counted", "Serving")["status"] == "True"


def test_every_condition_and_the_status_name_the_generation_that_they_speak_of(namespace):
    serving(namespace, "observed")
    namespace.patch("observed", {"modelVersion": 2})
    namespace.wait_for_reason("observed", "Starting")
    model = namespace.model("observed")
    assert {each["observedGeneration"] for each in model["status"]["conditions"]} == {2}
    assert model["status"]["observedGeneration"] == 2


def test_waiting_for_ready_does_not_end_on_the_old_rollout(namespace):
    serving(namespace, "waited")
    command = ["kubectl", f"--kubeconfig={namespace.plane.kubeconfig}", "-n", namespace.name]
    namespace.patch("waited", {"modelVersion": 2})
    namespace.wait_for_reason("waited", "Starting")
    waiting = subprocess.Popen([*command, "wait", "--for=condition=Ready", "md/waited", "--timeout=20s"])
    namespace.say(namespace.deployment("waited"), replicas=2, updatedReplicas=1, readyReplicas=1, availableReplicas=1)
    wait_for(lambda: status(namespace, "waited")["replicas"] == 2, "the surge is seen")
    assert waiting.poll() is None
    namespace.roll_out("waited")
    assert waiting.wait(20) == 0


def test_a_condition_keeps_its_time_until_its_status_turns(namespace):
    serving(namespace, "timed")
    before = namespace.condition("timed", "Ready")
    degraded = namespace.condition("timed", "Degraded")
    namespace.say(namespace.deployment("timed"), replicas=1, updatedReplicas=1, readyReplicas=1)
    wait_for(lambda: namespace.condition("timed", "Ready")["status"] == "False", "not ready")
    assert namespace.condition("timed", "Degraded")["lastTransitionTime"] == degraded["lastTransitionTime"]
    assert namespace.condition("timed", "Ready")["lastTransitionTime"] >= before["lastTransitionTime"]


def test_scaling_is_reported_through_the_scale_subresource(namespace):
    serving(namespace, "scaled", replicas=2)
    path = f"/apis/ml.example.com/v1/namespaces/{namespace.name}/modeldeployments/scaled/scale"
    scale = json.loads(namespace.kubectl("get", "--raw", path).stdout)
    assert scale["spec"]["replicas"] == scale["status"]["replicas"] == 2
    live = namespace.deployment("scaled")
    found = dict(pair.split("=") for pair in scale["status"]["selector"].split(","))
    assert found == live["spec"]["selector"]["matchLabels"]


def test_scaling_an_autoscaled_deployment_by_hand_is_said_to_be_ignored(namespace):
    serving(namespace, "ignored", autoscaling={"enabled": True, "minReplicas": 2, "maxReplicas": 4})
    namespace.kubectl("scale", "modeldeployment", "ignored", "--replicas=9")
    wait_for(lambda: namespace.model("ignored")["status"]["observedGeneration"] == 2, "it is seen")
    assert namespace.deployment("ignored")["spec"]["replicas"] == 2
    namespace.roll_out("ignored")
    assert "spec.replicas is ignored" in namespace.wait_for_reason("ignored", "Serving")["message"]


def test_scaled_to_zero_is_not_ready_and_no_fault(namespace):
    namespace.deploy("asleep", replicas=0)
    namespace.roll_out("asleep")
    condition = namespace.wait_for_reason("asleep", "ScaledToZero")
    assert condition["status"] == "False"
    assert namespace.condition("asleep", "Degraded")["status"] == "False"
    wait_for(lambda: namespace.reasons("asleep") == ["ScaledToZero"], "one event")


def test_one_turn_makes_one_event_and_looking_again_makes_none(namespace):
    serving(namespace, "announced")
    wait_for(lambda: namespace.reasons("announced") == ["Serving"], "one event")
    live = namespace.deployment("announced")
    for number in range(20):
        namespace.merge(DEPLOYMENTS, "announced", {"metadata": {"labels": {"turn": str(number)}}})
    failed = {
        "type": "ReplicaFailure",
        "status": "True",
        "message": 'pods "announced-x7" is forbidden: exceeded quota: few',
    }
    namespace.say(live, conditions=[failed])
    condition = namespace.wait_for_reason("announced", "QuotaExceeded")
    assert "announced-x7" not in condition["message"]
    wait_for(lambda: namespace.reasons("announced") == ["Serving", "QuotaExceeded"], "a second event")


def test_a_rollout_without_progress_is_degraded_while_the_old_pods_serve(namespace):
    serving(namespace, "stuck")
    pod(namespace, "stuck", version=1)
    wait_for(lambda: status(namespace, "stuck").get("servedVersion") == 1, "version 1 is seen to serve")
    namespace.patch("stuck", {"modelVersion": 2})
    namespace.wait_for_reason("stuck", "Starting")
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    live = namespace.deployment("stuck")
    namespace.say(live, replicas=2, updatedReplicas=1, readyReplicas=1, availableReplicas=1, conditions=[late])
    condition = namespace.wait_for_reason("stuck", "ProgressDeadlineExceeded")
    assert "version 1 still answers" in condition["message"]
    assert status(namespace, "stuck")["servedVersion"] == 1
    namespace.patch("stuck", {"modelVersion": 1})
    namespace.roll_out("stuck")
    namespace.wait_for_reason("stuck", "Serving")


def test_conditions_are_a_map_by_type_and_their_reasons_are_one_word(namespace):
    serving(namespace, "mapped")
    extra = {
        "type": "Progressing",
        "status": "Unknown",
        "reason": "two words",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    body = {
        "metadata": {"name": "mapped", "namespace": namespace.name},
        "status": {"conditions": [extra]},
    }
    with pytest.raises(Invalid) as refused:
        namespace.client.apply(MODEL_DEPLOYMENTS, body, manager="other", force=True, subresource="status")
    assert "reason" in refused.value.message
    extra["reason"] = "OneWord"
    told = namespace.client.apply(MODEL_DEPLOYMENTS, body, manager="other", force=True, subresource="status")
    assert {each["type"] for each in told["status"]["conditions"]} == {"Ready", "Progressing", "Degraded"}
    wait_for(lambda: namespace.condition("mapped", "Progressing")["status"] == "False", "the operator's word")


@pytest.mark.parametrize(
    ("container", "reason", "words"),
    [
        ({"state": {"waiting": {"reason": "ImagePullBackOff"}}}, "ImagePullFailed", "cannot be had"),
        (
            {
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {
                    "terminated": {
                        "exitCode": 3,
                        "message": '{"reason": "GoldenRowsFailed", "message": "row 4 differs by 0.2"}',
                    }
                },
            },
            "GoldenRowsFailed",
            "row 4 differs by 0.2",
        ),
        (
            {
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"exitCode": 139}},
            },
            "CrashLooping",
            "exit code 139",
        ),
    ],
)
def test_what_a_container_suffers_from_is_told(namespace, container, reason, words):
    name = f"ill-{reason.lower()}"
    namespace.deploy(name)
    namespace.wait_until_settled(name)
    base = {"name": "inference-server", "image": "i", "imageID": "", "ready": False, "restartCount": 3}
    pod(namespace, name, version=1, ready=False, containerStatuses=[base | container])
    assert words in namespace.wait_for_reason(name, reason)["message"]
    assert namespace.condition(name, "Degraded")["status"] == "True"


def test_a_model_or_version_that_does_not_exist_is_told_and_found_once_it_does(namespace, registry):
    namespace.deploy("early", modelName="later", modelVersion=1)
    assert "later" in namespace.wait_for_reason("early", "ModelNotFound")["message"]
    registry.versions.add(("later", 2))
    namespace.wait_for_reason("early", "VersionNotReady")
    assert namespace.get(DEPLOYMENTS, "early") is None
    registry.versions.add(("later", 1))
    namespace.wait_for_reason("early", "Starting")
    container = namespace.deployment("early")["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "MLP_MODEL_DIGEST", "value": registry.digest("later", 1)} in container["env"]
    assert registry.uses[("later", 1, f"{namespace.name}.early")] > 0


def test_a_version_that_is_deleted_afterwards_is_told_and_serves_on(namespace, registry):
    registry.versions.add(("fading", 1))
    serving(namespace, "outliving", modelName="fading")
    registry.versions.discard(("fading", 1))
    wait_for(lambda: namespace.condition("outliving", "Degraded")["reason"] == "ModelNotFound", "the loss is told")
    assert namespace.condition("outliving", "Ready")["status"] == "True"
    assert namespace.deployment("outliving")["spec"]["replicas"] == 1
    registry.versions.add(("fading", 1))
    wait_for(lambda: namespace.condition("outliving", "Degraded")["status"] == "False", "it is back")


def test_an_object_from_before_a_rule_is_told_apart_and_harms_no_other(namespace):
    path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec"
    plane = namespace.plane
    crd = json.loads(plane.kubectl("get", "crd", "modeldeployments.ml.example.com", "-o", "json").stdout)
    rules = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    minimum = f"{path}/properties/modelVersion/minimum"
    loose = [{"op": "replace", "path": minimum, "value": -5}]
    assert rules["properties"]["modelVersion"]["minimum"] == 1
    try:
        plane.kubectl("patch", "crd", "modeldeployments.ml.example.com", "--type=json", "-p", json.dumps(loose))
        wait_for(lambda: namespace.apply("ancient", modelVersion=-1).returncode == 0, "the rule is gone")
    finally:
        strict = [{"op": "replace", "path": minimum, "value": 1}]
        plane.kubectl("patch", "crd", "modeldeployments.ml.example.com", "--type=json", "-p", json.dumps(strict))
    assert "modelVersion" in namespace.wait_for_reason("ancient", "InvalidSpec")["message"]
    assert namespace.get(DEPLOYMENTS, "ancient") is None
    serving(namespace, "beside")


def status(namespace, name):
    return namespace.model(name).get("status") or {}


def pod(namespace, name, *, version, ready=True, **told):
    """Make a pod as the ReplicaSet controller would, and say how it is as the kubelet would."""
    template = namespace.deployment(name)["spec"]["template"]
    body = {
        "metadata": {"name": f"{name}-pod-{version}", "namespace": namespace.name, **template["metadata"]},
        "spec": {"containers": [{"name": "inference-server", "image": "i"}]},
    }
    namespace.client.create(PODS, body)
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    namespace.merge(PODS, f"{name}-pod-{version}", {"status": {"conditions": conditions, **told}}, "status")
