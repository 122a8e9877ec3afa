"""What users type, through a real kubectl."""

import json

import pytest

from mlp.kube.resource import AUTOSCALERS
from tests.cluster.operator_process import wait_for


@pytest.fixture(autouse=True, scope="module")
def _running(operator):
    return operator


def serving(namespace, name, **spec):
    namespace.deploy(name, **spec)
    namespace.roll_out(name)
    namespace.wait_for_reason(name, "Serving")


def refused(namespace, *arguments):
    ran = namespace.kubectl(*arguments, check=False)
    assert ran.returncode != 0
    return ran.stderr


def test_the_patches_that_users_know_change_what_runs(namespace):
    serving(namespace, "my-model")
    patch = ("patch", "modeldeployment", "my-model", "--type=merge", "-p")
    namespace.kubectl(*patch, '{"spec":{"replicas":5}}')
    wait_for(lambda: namespace.deployment("my-model")["spec"]["replicas"] == 5, "five replicas")
    namespace.kubectl(*patch, '{"spec":{"autoscaling":{"enabled":true,"maxReplicas":10}}}')
    scaler = wait_for(lambda: namespace.get(AUTOSCALERS, "my-model"), "an autoscaler")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (5, 10)
    namespace.kubectl(*patch, '{"spec":{"modelVersion":2}}')
    version = lambda: namespace.deployment("my-model")["spec"]["template"]["metadata"]["labels"]["model-version"]  # noqa: E731
    wait_for(lambda: version() == "2", "version 2")


def test_every_name_of_the_kind_lists_it(namespace):
    serving(namespace, "listed")
    for kind in ("modeldeployments", "modeldeployment", "md", "modeldeployments.ml.example.com"):
        header, row = namespace.kubectl("get", kind, "listed").stdout.splitlines()
        assert header.split() == ["NAME", "READY", "VERSION", "DESIRED", "AVAILABLE", "AGE"]
        assert row.split()[:5] == ["listed", "True", "1", "1", "1"]
    header, row = namespace.kubectl("get", "md", "listed", "-o", "wide").stdout.splitlines()
    assert header.split()[6:] == ["MODEL", "SERVING", "REASON"]
    assert row.split()[-1] == "Serving"
    assert namespace.kubectl("get", "md", "listed", "-o", "name").stdout == "modeldeployment.ml.example.com/listed\n"


def test_describe_shows_conditions_and_events_and_explain_the_fields(namespace):
    serving(namespace, "described")
    wait_for(lambda: namespace.reasons("described"), "an event")
    text = namespace.kubectl("describe", "modeldeployment", "described").stdout
    for words in ("Observed Generation:", "Reason:", "version 1 answers", "mlp-operator", "described-service"):
        assert words in text
    assert "Scaling on CPU" in namespace.kubectl("explain", "modeldeployment.spec.autoscaling").stdout


def test_wait_ends_with_a_condition_a_field_and_a_deletion(namespace):
    serving(namespace, "waited")
    for what in ("condition=Ready", "condition=Degraded=false", "jsonpath={.status.availableReplicas}=1"):
        namespace.kubectl("wait", f"--for={what}", "md/waited", "--timeout=20s")
    late = refused(namespace, "wait", "--for=condition=Progressing", "md/waited", "--timeout=1s")
    assert "timed out" in late
    namespace.kubectl("delete", "modeldeployments", "waited", "--timeout=20s")
    namespace.kubectl("wait", "--for=delete", "md/waited", "--timeout=20s")
    assert "not found" in refused(namespace, "delete", "md", "waited")


def test_what_cannot_be_is_refused_in_words_and_changes_nothing(namespace):
    serving(namespace, "kept", autoscaling={"enabled": True, "minReplicas": 2, "maxReplicas": 4})
    before = namespace.model("kept")["spec"]
    for spec, words in (
        ({"replicas": -1}, "greater than or equal to 0"),
        ({"replicas": "five"}, "must be of type integer"),
        ({"modelVersion": 1.5}, "must be of type integer"),
        ({"modelName": "other"}, "modelName cannot change"),
        ({"autoscaling": {"maxReplicas": 1}}, "minReplicas must not exceed maxReplicas"),
        ({"autoscaling": {"maxReplicas": None}}, "autoscaling needs maxReplicas"),
        ({"resources": {"requests": {"cpu": None}}}, "autoscaling needs resources.requests.cpu"),
    ):
        body = json.dumps({"spec": spec})
        assert words in refused(namespace, "patch", "md", "kept", "--type=merge", "-p", body), spec
    assert "not found" in refused(namespace, "patch", "md", "absent", "--type=merge", "-p", "{}")
    assert namespace.model("kept")["spec"] == before
