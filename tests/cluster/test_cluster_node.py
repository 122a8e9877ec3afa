"""The operator on a cluster that runs containers: real pods of the real server, and real faults."""

import itertools
import json
import os
import shutil
import tempfile
import threading
from pathlib import Path

import pytest

from mlp.errors import MlpError
from mlp.kube.client import WatchOptions
from mlp.kube.resource import AUTOSCALERS, DEPLOYMENTS, PODS
from mlp.kube.transport import Request
from tests.cluster.node import IMAGE, GuardedRegistry, Node, image_of, what_is_missing
from tests.cluster.operator_process import OperatorProcess, wait_for
from tests.registry.registry_process import kill
from tests.registry.sample_models import linear_model

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(what_is_missing() is not None, reason=f"no containers: {what_is_missing()}"),
]

PATIENCE = 120
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def node():
    folder = Path(tempfile.mkdtemp(prefix="mlp-node-"))
    node = Node(folder)
    yield node
    node.admin.close()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def registry(node):
    """Versions 1 to 3 of `line` answer 3, 6 and 9 to [1, 2]; version 4 was registered with answers that are wrong."""
    registry = GuardedRegistry(node.folder)
    for number in (1, 2, 3, 4):
        assert registry.push("line", linear_model(float(number))) == number
    registry.falsify("line", 4)
    yield registry
    kill(registry.process)


@pytest.fixture(scope="module")
def misbehaving():
    """An image whose server crashes on version 1 and never listens on any other."""
    script = """if True:
        import os, sys, time
        if os.environ["MLP_MODEL_VERSION"] == "1":
            print("out of cheese")
            sys.exit(7)
        time.sleep(3600)
    """
    return image_of("misbehaving", "python", "-c", script)


@pytest.fixture
def namespace(node):
    namespace = node.namespace(f"mlp-test-{os.getpid()}-{next(_numbers)}")
    yield namespace
    node.kubectl("delete", "namespace", namespace.name, "--wait=false")


@pytest.fixture
def start(node, registry, namespace):
    started = []

    def make(**more):
        for earlier in started:
            earlier.stop()
        settings = {
            "MLP_INFERENCE_IMAGE": IMAGE,
            "MLP_POD_REGISTRY_URL": f"http://{node.host}:{registry.process.port()}",
            "MLP_REGISTRY_TOKEN_FILE": str(registry.read_file),
        }
        config = node.operator_kubeconfig(namespace)
        operator = OperatorProcess(node.folder, registry.url, namespace.name, config, **settings | more)
        started.append(operator)
        return operator.wait_until_leading(PATIENCE)

    yield make
    for operator in started:
        operator.stop()


def deploy(namespace, name, version, **spec):
    return namespace.deploy(name, modelName="line", modelVersion=version, **spec)


def predict(namespace, name):
    """Ask the Service for [1, 2]; return the answer and the version that gave it."""
    path = f"/api/v1/namespaces/{namespace.name}/services/{name}-service:8001/proxy/predict"
    body = json.dumps({"features": [[1.0, 2.0]]}).encode()
    answer = json.loads(namespace.connection.send(Request("POST", path, body=body)))
    return answer["predictions"][0], answer["model"]["version"]


class Caller:
    """Asks all the time, and keeps what was answered and what failed."""

    def __init__(self, namespace, name):
        self.versions, self.failures = [], []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, args=(namespace, name))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _ask(self, namespace, name):
        while not self._ended.wait(0.02):
            try:
                self.versions.append(predict(namespace, name)[1])
            except MlpError as error:
                self.failures.append(error.message)


def test_a_version_is_served_and_waiting_for_ready_ends_with_the_new_one(namespace, start):
    start()
    deploy(namespace, "served", 1)
    namespace.wait_for_reason("served", "Serving", PATIENCE)
    assert predict(namespace, "served") == (3.0, 1)
    with Caller(namespace, "served") as caller:
        wait_for(lambda: len(caller.versions) > 10, "answers of version 1")
        namespace.patch("served", {"modelVersion": 2})
        namespace.kubectl("wait", "--for=condition=Ready", "md/served", "--timeout=100s")
        told = namespace.model("served")
        assert predict(namespace, "served") == (6.0, 2)
    assert caller.failures == []
    assert set(caller.versions) == {1, 2}
    assert told["status"]["observedGeneration"] == told["metadata"]["generation"]
    assert told["status"]["servedVersion"] == 2
    assert "finalizers" not in told["metadata"]


def test_an_image_that_cannot_be_had_is_told(namespace, start):
    start(MLP_INFERENCE_IMAGE="registry.invalid/absent:1")
    deploy(namespace, "absent", 1)
    condition = namespace.wait_for_reason("absent", "ImagePullFailed", PATIENCE)
    assert "registry.invalid/absent:1" in condition["message"]
    assert namespace.condition("absent", "Degraded")["status"] == "True"


def test_a_server_that_crashes_is_told_with_its_last_words(namespace, start, misbehaving):
    start(MLP_INFERENCE_IMAGE=misbehaving)
    deploy(namespace, "crashing", 1)
    condition = namespace.wait_for_reason("crashing", "CrashLooping", PATIENCE)
    assert "exit code 7" in condition["message"]
    assert "out of cheese" in condition["message"]


def test_more_than_any_node_has_is_told(namespace, start):
    start()
    deploy(namespace, "greedy", 1, resources={"requests": {"cpu": "1000", "memory": "1Gi"}})
    assert "Insufficient cpu" in namespace.wait_for_reason("greedy", "Unschedulable", PATIENCE)["message"]


def test_a_server_that_never_becomes_ready_is_given_up_after_the_deadline(namespace, start, misbehaving):
    start(MLP_INFERENCE_IMAGE=misbehaving, MLP_PROGRESS_DEADLINE_SECONDS="8")
    deploy(namespace, "silent", 2)
    assert "8 s" in namespace.wait_for_reason("silent", "ProgressDeadlineExceeded", PATIENCE)["message"]
    assert namespace.reasons("silent") == ["ProgressDeadlineExceeded"]


def test_a_version_that_fails_its_golden_rows_replaces_nothing_and_going_back_recovers(namespace, start):
    start(MLP_PROGRESS_DEADLINE_SECONDS="8")
    deploy(namespace, "proved", 3)
    namespace.wait_for_reason("proved", "Serving", PATIENCE)
    with Caller(namespace, "proved") as caller:
        namespace.patch("proved", {"modelVersion": 4})
        condition = namespace.wait_for_reason("proved", "GoldenRowsFailed", PATIENCE)
        assert "golden rows" in condition["message"]
        assert "version 3 still answers" in condition["message"]
        wait_for(lambda: "ProgressDeadlineExceeded" in progress(namespace, "proved"), "the deadline", PATIENCE)
        assert namespace.condition("proved", "Degraded")["reason"] == "GoldenRowsFailed"
        assert namespace.condition("proved", "Ready")["status"] == "False"
        assert namespace.model("proved")["status"]["servedVersion"] == 3
        namespace.patch("proved", {"modelVersion": 3})
        namespace.wait_for_reason("proved", "Serving", PATIENCE)
    assert namespace.reasons("proved") == ["Serving", "GoldenRowsFailed", "Serving"]
    assert set(caller.versions) == {3}
    assert caller.failures == []


def test_replicas_never_dip_on_their_way_to_the_autoscaler_and_back(namespace, start):
    start()
    deploy(namespace, "scaled", 1, replicas=2)
    namespace.wait_for_reason("scaled", "Serving", PATIENCE)
    since = namespace.deployment("scaled")["metadata"]["resourceVersion"]
    with Caller(namespace, "scaled") as caller:
        namespace.patch("scaled", {"autoscaling": {"enabled": True, "minReplicas": 3, "maxReplicas": 4}})
        wait_for(lambda: available(namespace, "scaled") >= 3, "the autoscaler's lower bound", PATIENCE)
        namespace.wait_for_reason("scaled", "Serving", PATIENCE)
        namespace.patch("scaled", {"autoscaling": None, "replicas": 2})
        wait_for(lambda: namespace.get(AUTOSCALERS, "scaled") is None, "no autoscaler", PATIENCE)
        wait_for(lambda: available(namespace, "scaled") == 2, "the spec's number", PATIENCE)
        namespace.wait_for_reason("scaled", "Serving", PATIENCE)
    changes = namespace.client.watch(DEPLOYMENTS, namespace.name, since, WatchOptions(seconds=1, silence=30))
    seen = [obj for _, obj in changes if "spec" in obj]
    assert min(obj["spec"]["replicas"] for obj in seen) == 2
    assert min(obj["status"].get("availableReplicas", 0) for obj in seen) == 2
    assert caller.failures == []


def available(namespace, name):
    return namespace.deployment(name)["status"].get("availableReplicas", 0)


def progress(namespace, name):
    conditions = namespace.deployment(name)["status"].get("conditions", [])
    return [each.get("reason") for each in conditions if each["type"] == "Progressing"]


def test_deleting_a_deployment_takes_its_pods_away(namespace, start):
    start()
    deploy(namespace, "gone", 1)
    namespace.wait_for_reason("gone", "Serving", PATIENCE)
    namespace.kubectl("delete", "md", "gone")
    wait_for(lambda: not next(iter(namespace.client.pages(PODS, namespace.name))).items, "no pods", PATIENCE)
