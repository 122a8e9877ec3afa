"""Who reaches whom: the policies of the manifests, judged by the rules of the API."""

import pytest

from mlp.targets.kubernetes.choices import Choices, database_at, store_at
from mlp.targets.kubernetes.plan import planned
from tests.manifests.network import Network, Outside, Pod
from tests.manifests.objects import MANIFESTS, kustomized, of_kind, templates

HOME = "ml-platform"
NAMESPACES = {
    HOME: {"kubernetes.io/metadata.name": HOME},
    "kube-system": {"kubernetes.io/metadata.name": "kube-system"},
    "shop": {"mlp-clients": "true"},
    "monitoring": {"mlp-metrics": "true"},
    "elsewhere": {},
}
PODS = {
    **{name: Pod(HOME, template["metadata"]["labels"]) for name, template in templates().items()},
    "model": Pod(HOME, {"component": "inference-server", "model-name": "iris"}),
    "other-model": Pod(HOME, {"component": "inference-server", "model-name": "churn"}),
    "stranger": Pod(HOME, {"app": "stranger"}),
    "dns": Pod("kube-system", {"k8s-app": "kube-dns"}),
    "client": Pod("shop", {"app": "web"}),
    "prometheus": Pod("monitoring", {"app": "prometheus"}),
    "pretender": Pod("elsewhere", {"app": "model-registry", "component": "inference-server"}),
}
INTERNET = Outside("203.0.113.7")

ALLOWED = [
    ("model-registry", "postgresql", 5432),
    ("model-registry", "minio", 9000),
    ("ml-operator", "model-registry", 8000),
    ("model", "model-registry", 8000),
    ("model", "minio", 9000),
    ("stranger", "dns", 53),
    ("client", "model", 8001),
    ("client", "model", 9000),
    ("client", "model-registry", 8000),
    ("prometheus", "model", 8081),
    ("prometheus", "model-registry", 8000),
    ("prometheus", "ml-operator", 8080),
]
DENIED = [
    ("model", "postgresql", 5432),
    ("ml-operator", "postgresql", 5432),
    ("ml-operator", "minio", 9000),
    ("stranger", "postgresql", 5432),
    ("stranger", "minio", 9000),
    ("stranger", "model-registry", 8000),
    ("stranger", "model", 8001),
    ("model", "other-model", 8001),
    ("model-registry", "model", 8001),
    ("model-registry", "minio", 9001),
    ("postgresql", "minio", 9000),
    ("minio", "model-registry", 8000),
    ("model", "ml-operator", 8080),
    ("client", "postgresql", 5432),
    ("client", "minio", 9000),
    ("client", "minio", 9001),
    ("client", "ml-operator", 8080),
    ("prometheus", "postgresql", 5432),
    ("prometheus", "model", 8001),
    ("client", "model", 8081),
    ("other-model", "model", 8081),
    ("prometheus", "minio", 9000),
    ("pretender", "postgresql", 5432),
    ("pretender", "minio", 9000),
    ("pretender", "model-registry", 8000),
    ("pretender", "model", 8001),
    ("client", "model", 22),
]


def network(objects=None, folder=MANIFESTS) -> Network:
    return Network(of_kind("NetworkPolicy", objects if objects is not None else kustomized(folder)), NAMESPACES)


@pytest.mark.parametrize(("source", "target", "port"), ALLOWED)
def test_the_few_ways_are_open(source, target, port):
    assert network().allows(PODS[source], PODS[target], port)


@pytest.mark.parametrize(("source", "target", "port"), DENIED)
def test_every_other_way_is_closed(source, target, port):
    assert not network().allows(PODS[source], PODS[target], port)


def test_names_are_asked_over_udp_too_and_of_the_system_alone():
    assert network().allows(PODS["model"], PODS["dns"], 53, "UDP")
    assert not network().allows(PODS["model"], PODS["pretender"], 53, "UDP")
    assert not network().allows(PODS["model"], INTERNET, 53, "UDP")


@pytest.mark.parametrize("name", [name for name, pod in PODS.items() if pod.namespace == HOME])
def test_nothing_of_the_platform_reaches_the_internet_but_the_operator_its_api_server(name):
    for port in (80, 443, 6443, 8443):
        reaches_an_api_server = name == "ml-operator" and port in (443, 6443)
        assert network().allows(PODS[name], INTERNET, port) == reaches_an_api_server
        assert not network().allows(INTERNET, PODS[name], port)


def test_node_ports_open_the_registry_and_the_console_and_nothing_else():
    overlay = MANIFESTS / "overlays" / "nodeports"
    both = network([*kustomized(MANIFESTS), *kustomized(overlay)])
    opened = {
        (name, port)
        for name, pod in PODS.items()
        if pod.namespace == HOME
        for port in (5432, 8000, 8001, 8080, 8081, 9000, 9001)
        if both.allows(INTERNET, pod, port)
    }
    assert opened == {("model-registry", 8000), ("minio", 9001)}


def test_egress_follows_a_store_and_a_database_that_are_elsewhere():
    choices = Choices(
        database=database_at("postgresql://mlp@db.example.com:6432/mlp"), store=store_at("https://s3.example.com")
    )
    outside = network(planned(MANIFESTS, choices))
    registry, model = PODS["model-registry"], PODS["model"]
    assert outside.allows(registry, INTERNET, 6432)
    assert outside.allows(registry, INTERNET, 443)
    assert outside.allows(model, INTERNET, 443)
    assert not outside.allows(model, INTERNET, 6432)
    assert not outside.allows(registry, INTERNET, 5432)


EVALUATED = [
    ({"podSelector": {}, "policyTypes": ["Ingress"]}, False),
    ({"podSelector": {"matchLabels": {"a": "2"}}, "policyTypes": ["Ingress"]}, True),
    ({"podSelector": {}, "ingress": [{}]}, True),
    ({"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}, False),
    ({"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {}}]}]}, True),
    ({"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]}, False),
    ({"podSelector": {}, "ingress": [{"ports": [{"port": 70, "endPort": 90}]}]}, True),
    ({"podSelector": {}, "ingress": [{"ports": [{"port": "web"}]}]}, True),
    ({"podSelector": {}, "ingress": [{"ports": [{"port": "api"}]}]}, False),
    ({"podSelector": {}, "ingress": [{"ports": [{"protocol": "UDP"}]}]}, False),
    ({"podSelector": {"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}}, True),
    ({"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}, False),
]


@pytest.mark.parametrize(("spec", "open_"), EVALUATED)
def test_a_policy_is_judged_as_the_api_says(spec, open_):
    policy = {"metadata": {"namespace": "home"}, "spec": spec}
    target = Pod("home", {"a": "1"}, {"web": 80})
    assert Network([policy], {"away": {}}).allows(Pod("away", {"a": "1"}), target, 80) is open_


def test_a_block_of_addresses_has_holes():
    block = {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}
    policy = {
        "metadata": {"namespace": "home"},
        "spec": {"podSelector": {}, "ingress": [{"from": [{"ipBlock": block}]}]},
    }
    home = Pod("home", {})
    network = Network([policy], {})
    assert network.allows(Outside("10.2.0.1"), home, 1)
    assert not network.allows(Outside("10.1.0.1"), home, 1)
