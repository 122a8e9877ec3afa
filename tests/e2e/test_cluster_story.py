"""The platform on a cluster: from nothing to a green smoke test, through losses, down, and up again."""

from __future__ import annotations

import json
import socket
import subprocess
import urllib.request
from contextlib import contextmanager
from xml.etree import ElementTree

import pytest

from tests.e2e.cluster import CONTEXT, KUBECONFIG, NAMESPACE, wait_for

OPERATOR = "system:serviceaccount:ml-platform:ml-operator"


def served(line, name):
    return line.get("modeldeployment", name).get("status", {}).get("servedVersion")


def predict(line, name, rows):
    said = line.succeed("predict", name, "-f", "-", "-o", "json", input=json.dumps({"features": rows}))
    return json.loads(said)["predictions"]


@contextmanager
def forwarded(line, target, port):
    """`kubectl port-forward`, as a user types it; gives the URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    process = subprocess.Popen(
        ["kubectl", "--context", CONTEXT, "-n", NAMESPACE, "port-forward", target, f"{free}:{port}"],
        env=line.environment | {"KUBECONFIG": KUBECONFIG},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{free}"
        wait_for(lambda: listens(free), f"the port-forward of {target}", 30)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def fetch(url, body=None):
    request = urllib.request.Request(url, data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read().decode()


def test_a_second_up_changes_nothing(running):
    ran = running.run("up")
    assert ran.returncode == 0, ran.stderr
    assert " unchanged" in ran.stderr
    assert "created" not in ran.stderr
    assert "changed," not in ran.stderr


def test_the_smoke_test_writes_junit(running):
    running.succeed("test", "--junit", "cases.xml", timeout=300)
    suite = ElementTree.parse(running.folder / "cases.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("7", "0")


def test_check_finds_nothing_amiss(running):
    checks = json.loads(running.succeed("check", "-o", "json"))
    assert [check["name"] for check in checks if not check["ok"]] == []


@pytest.mark.parametrize(
    "command",
    [
        ("get", "modeldeployments"),
        ("get", "md", "-o", "wide"),
        ("get", "md", "iris-classifier", "-o", "yaml"),
        ("describe", "md", "iris-classifier"),
        ("get", "all"),
        ("get", "pods", "-l", "component=inference-server"),
        ("get", "pods", "-l", "app=ml-operator"),
        ("logs", "-l", "app=ml-operator", "--tail=5"),
        ("logs", "-l", "app=model-registry", "--tail=5"),
        ("logs", "-l", "component=inference-server", "--tail=5"),
        ("logs", "deployment/iris-classifier", "--tail=5"),
        ("rollout", "status", "deployment/iris-classifier"),
        ("wait", "--for=condition=Ready", "md/iris-classifier", "--timeout=30s"),
        ("get", "svc", "model-registry-service"),
        ("get", "pdb"),
        ("get", "events"),
    ],
    ids=" ".join,
)
def test_what_users_of_kubectl_type_answers(running, command):
    assert running.kubectl(*command).strip()


def test_the_operator_may_do_its_work_and_no_more(running):
    can = {
        "patch deployments.apps": "yes",
        "create services": "yes",
        "patch modeldeployments.ml.example.com/status": "yes",
        "get secrets": "no",
        "delete deployments.apps": "no",
        "create pods/exec": "no",
    }
    said = {
        what: running.kubectl("auth", "can-i", *words(what), f"--as={OPERATOR}", check=False).strip() for what in can
    }
    assert said == can


def words(what):
    verb, resource = what.split()
    name, _, subresource = resource.partition("/")
    return [verb, name, *([f"--subresource={subresource}"] if subresource else [])]


def test_a_patch_scales_and_another_hands_over_to_the_autoscaler(running):
    running.kubectl("patch", "md", "churn-predictor", "--type=merge", "-p", '{"spec":{"replicas":2}}')
    wait_for(
        lambda: running.get("deployment", "churn-predictor")["status"].get("readyReplicas") == 2, "two replicas", 120
    )
    patch = {"spec": {"autoscaling": {"enabled": True, "maxReplicas": 3}}}
    running.kubectl("patch", "md", "churn-predictor", "--type=merge", "-p", json.dumps(patch))
    wait_for(lambda: "churn-predictor" in running.kubectl("get", "hpa", "-o", "name"), "the autoscaler")
    running.kubectl("patch", "md", "churn-predictor", "--type=merge", "-p",
                    '{"spec":{"replicas":1,"autoscaling":{"enabled":false}}}')  # fmt: skip
    wait_for(lambda: "churn-predictor" not in running.kubectl("get", "hpa", "-o", "name"), "the autoscaler's end")


def test_ports_are_forwarded_and_answer_to_curl(running):
    with forwarded(running, "svc/model-registry-service", 8000) as url:
        assert json.loads(fetch(f"{url}/health"))["state"] == "alive"
        assert "mlp_registry_requests" in fetch(f"{url}/metrics")
    with forwarded(running, "svc/iris-classifier-service", 8001) as url:
        assert json.loads(fetch(f"{url}/predict", {"features": [[5.1, 3.5, 1.4, 0.2]]}))["predictions"] == ["setosa"]
        assert "mlp_" in fetch(f"{url}/metrics")
    with forwarded(running, "svc/churn-predictor-service", 8001) as url:
        assert json.loads(fetch(f"{url}/predict", {"features": [[45, 80.5, 24, 2]]}))["predictions"] in ([0], [1])


def test_a_model_server_reaches_the_registry_by_curl(running):
    said = running.kubectl(
        "exec", "deploy/iris-classifier", "--", "curl", "-sf", "http://model-registry-service:8000/health"
    )
    assert json.loads(said)["state"] == "alive"


def test_no_secret_is_in_a_pod_specification_or_a_log(running):
    secrets = running.get("secrets")["items"]
    values = {value for each in secrets for value in each.get("data", {}).values()}
    import base64

    plain = {base64.b64decode(value).decode() for value in values}
    assert len(plain) >= 5
    told = running.kubectl("get", "pods,deployments,statefulsets,configmaps", "-o", "yaml")
    for component in ("registry", "operator", "postgresql", "minio"):
        told += running.succeed("logs", component, "--tail", "1000")
    assert [value for value in plain if value in told] == []


def test_every_pod_may_be_lost_and_no_version_is(running):
    before = json.loads(running.succeed("model", "ls", "-o", "json"))
    for selector in ("app=postgresql", "app=minio", "app=model-registry", "app=ml-operator"):
        running.kubectl("delete", "pod", "-l", selector, "--wait=true")
        assert predict(running, "iris-classifier", [[5.1, 3.5, 1.4, 0.2]]) == ["setosa"]
        running.succeed("up", timeout=320)
    assert json.loads(running.succeed("model", "ls", "-o", "json")) == before
    running.kubectl("delete", "pod", "-l", "component=inference-server", "--wait=true")
    running.kubectl("wait", "--for=condition=Ready", "md/iris-classifier", "--timeout=90s")
    assert predict(running, "iris-classifier", [[5.1, 3.5, 1.4, 0.2]]) == ["setosa"]


def test_down_and_up_bring_everything_back(running):
    running.succeed("down", timeout=180)
    assert "No resources" in running.kubectl("get", "pods", check=False) or not running.kubectl("get", "pods").strip()
    stopped = running.run("predict", "iris-classifier", "--example")
    assert stopped.returncode in (3, 5)
    running.succeed("up", timeout=320)
    running.kubectl("wait", "--for=condition=Ready", "md/iris-classifier", "--timeout=90s")
    assert predict(running, "iris-classifier", [[5.1, 3.5, 1.4, 0.2]]) == ["setosa"]


def test_an_image_that_cannot_be_pulled_ends_up_early_and_says_which(running):
    ran = running.run("up", "--no-build", "--image-registry", "registry.invalid/team", "--timeout", "60s")
    assert ran.returncode == 1
    assert "registry.invalid/team/ml-platform/" in ran.stderr
    assert "MLP2" in ran.stderr
    running.succeed("up", timeout=320)
