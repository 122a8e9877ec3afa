"""Installing and removing the platform on a real API server: what is applied, kept, refused, and left alone."""

import json
from contextlib import ExitStack

import pytest

from mlp.errors import NotFound, Precondition
from mlp.kube.client import Client
from mlp.kube.connection import connect
from mlp.kube.contexts import Context
from mlp.kube.resource import CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, SECRETS, SERVICES, STATEFUL_SETS
from mlp.targets.kubernetes.choices import Choices, database_at
from mlp.targets.kubernetes.cluster import Cluster
from mlp.targets.kubernetes.credentials import make_credentials, missing_credentials
from mlp.targets.kubernetes.install import apply
from mlp.targets.kubernetes.names import MANAGER, MODEL_DEPLOYMENTS
from mlp.targets.kubernetes.preflight import first_failure, preflight
from mlp.targets.kubernetes.target import KubernetesTarget
from tests.cluster.control_plane import OPERATORS, control_plane

OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


@pytest.fixture(scope="module")
def plane():
    """A control plane of this module's own: what is purged here, other tests need."""
    with control_plane("mlp-platform-") as plane:
        yield plane


@pytest.fixture(scope="module")
def connection_with(plane):
    """Opens connections with a kubeconfig, and closes them at the end."""
    with ExitStack() as opened:

        def make(kubeconfig):
            connection = connect(kubeconfig)
            opened.callback(connection.close)
            return connection

        yield make


@pytest.fixture(scope="module")
def connection(plane, connection_with):
    return connection_with(plane.kubeconfig)


@pytest.fixture(scope="module")
def client(connection):
    return Client(connection)


@pytest.fixture(scope="module")
def target_of(connection, client):
    def make(namespace, **chosen):
        cluster = Cluster(Context("test", "test", None), namespace, connection, client)
        return KubernetesTarget(cluster, Choices(namespace=namespace, **chosen))

    return make


def applied(target):
    return apply(target._cluster.client, target.installation.objects())


def there(client, resource, namespace, name):
    try:
        return client.get(resource, namespace, name)
    except NotFound:
        return None


def test_all_objects_are_taken_and_a_second_time_changes_nothing(target_of, client):
    target = target_of("platform-once")
    tried = target.installation.try_out()
    assert len(tried.created) + len(tried.changed) + len(tried.unchanged) == len(target.installation.objects())
    assert there(client, NAMESPACES, None, "platform-once") is None
    first, second = applied(target), applied(target)
    assert "Deployment/model-registry" in first.created
    assert (second.created, second.changed) == ([], [])
    assert len(second.unchanged) == len(target.installation.objects())


def test_what_somebody_changed_is_put_right_and_said(target_of, client):
    target = target_of("platform-drift")
    applied(target)
    operator = client.get(DEPLOYMENTS, "platform-drift", "ml-operator")
    operator["spec"]["replicas"] = 0
    client.replace(DEPLOYMENTS, operator)
    assert applied(target).changed == ["Deployment/ml-operator"]
    assert client.get(DEPLOYMENTS, "platform-drift", "ml-operator")["spec"]["replicas"] == 1


def test_secrets_are_made_once_and_differ_everywhere(target_of, client):
    target = target_of("platform-secrets")
    applied(target)
    choices = Choices(namespace="platform-secrets")
    names = missing_credentials(client, choices)
    assert len(names) == 4
    make_credentials(client, "platform-secrets", names)
    before = {name: client.get(SECRETS, "platform-secrets", name)["data"] for name in names}
    make_credentials(client, "platform-secrets", names)
    assert missing_credentials(client, choices) == []
    assert {name: client.get(SECRETS, "platform-secrets", name)["data"] for name in names} == before
    values = [value for data in before.values() for value in data.values()]
    assert len(set(values)) == len(values)
    assert min(map(len, values)) >= 20


def test_a_database_outside_needs_its_secret(client, target_of):
    applied(target_of("platform-outside"))
    choices = Choices(namespace="platform-outside", database=database_at("postgresql://app@db.example.com/models"))
    with pytest.raises(Precondition) as refused:
        missing_credentials(client, choices)
    assert refused.value.code == "credentials_missing"
    assert refused.value.details["secret"] == "postgresql-credentials"


def test_down_removes_what_runs_and_keeps_what_was_made(target_of, client):
    namespace = "platform-down"
    target = target_of(namespace)
    applied(target)
    make_credentials(client, namespace, missing_credentials(client, Choices(namespace=namespace)))
    document = {"metadata": {"name": "iris", "namespace": namespace}, "spec": {"modelName": "iris", "modelVersion": 1}}
    client.apply(MODEL_DEPLOYMENTS, document, manager=MANAGER, force=True)
    said = []
    target.down(said.append, timeout=30)
    assert said == ["the platform is down"]
    assert there(client, DEPLOYMENTS, namespace, "ml-operator") is None
    assert there(client, STATEFUL_SETS, namespace, "postgresql") is None
    assert there(client, SERVICES, namespace, "model-registry-service") is None
    assert there(client, MODEL_DEPLOYMENTS, namespace, "iris") is not None
    assert there(client, SECRETS, namespace, "registry-admin-token") is not None
    with pytest.raises(Precondition) as stopped:
        target.platform()
    assert stopped.value.code == "platform_not_running"
    said.clear()
    target.down(said.append, timeout=30)
    assert said == ["the platform does not run"]


def test_purge_leaves_alone_what_is_not_the_platforms(target_of, client):
    namespace = "platform-purge"
    target = target_of(namespace)
    applied(target)
    make_credentials(client, namespace, missing_credentials(client, Choices(namespace=namespace)))
    client.create(CONFIG_MAPS, {"metadata": {"name": "mine", "namespace": namespace}, "data": {"a": "b"}})
    said = []
    target.down(said.append, timeout=30, purge=True)
    assert f"kept the namespace {namespace}, which holds ConfigMap/mine" in said
    assert client.get(CONFIG_MAPS, namespace, "mine")["data"] == {"a": "b"}
    assert there(client, SECRETS, namespace, "registry-admin-token") is None


def test_a_namespace_that_somebody_else_made_is_neither_labelled_nor_deleted(target_of, client):
    namespace = "somebody-elses"
    client.create(NAMESPACES, {"metadata": {"name": namespace}})
    target = target_of(namespace)
    assert not target.installation._is_ours()
    target.down(lambda _line: None, timeout=30, purge=True)
    assert "app.kubernetes.io/part-of" not in client.get(NAMESPACES, None, namespace)["metadata"]["labels"]


def test_a_cluster_without_storage_or_nodes_is_told_so_before_anything_is_applied(target_of, client):
    namespace = "platform-pre"
    failing = {check.name: check for check in preflight(client, Choices(namespace=namespace)) if not check.ok}
    assert {"storage", "room"} == set(failing)
    assert failing["storage"].code == "no_storage_class"
    assert failing["room"].code == "no_node"
    with pytest.raises(Precondition) as refused:
        target_of(namespace).up(lambda _line: None, timeout=5)
    assert refused.value.code == "no_storage_class"
    assert there(client, NAMESPACES, None, namespace) is None


def test_service_monitors_are_applied_where_the_cluster_knows_them(target_of, client, plane):
    namespace = "platform-watched"
    target = target_of(namespace)
    applied(target)
    assert not target.installation._observers()
    group, plural = "monitoring.coreos.com", "servicemonitors"
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": OPEN}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "ServiceMonitor", "plural": plural},
            "versions": [version],
        },
    }
    plane.kubectl("apply", "-f", "-", stdin=json.dumps(definition))
    plane.kubectl("wait", "--for=condition=Established", f"crd/{plural}.{group}", "--timeout=20s")
    monitors = target.installation._observers()
    assert apply(client, monitors).created == [
        "ServiceMonitor/model-registry",
        "ServiceMonitor/ml-operator",
        "ServiceMonitor/inference-server",
    ]
    target.down(lambda _line: None, timeout=30)
    assert plane.kubectl("-n", namespace, "get", plural, "-o", "name").stdout == ""


def test_rights_that_are_missing_are_named(plane, connection_with):
    stranger = Client(connection_with(plane.kubeconfig_for(OPERATORS[0])))
    failed = first_failure(
        check for check in preflight(stranger, Choices(namespace="platform-rights")) if check.name == "rights"
    )
    assert failed.code == "rights_missing"
    assert "create secrets" in failed.message


def test_a_cluster_that_does_not_answer_is_one_failing_check(plane, connection_with, tmp_path):
    file = tmp_path / "kubeconfig"
    file.write_text(plane.kubeconfig.read_text().replace(plane.url, "https://127.0.0.1:1"))
    checks = list(preflight(Client(connection_with(file)), Choices()))
    assert [(check.name, check.ok) for check in checks] == [("access", False)]
    assert checks[0].code == "cluster_unreachable"
