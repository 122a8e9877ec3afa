"""The examples are of models that the platform serves, and no model is opened to the world without a guard."""

import re

from mlp.api.deployment import ModelDeployment
from mlp.api.kind import KIND
from mlp.controller.pod import HTTP, HTTP_PORT, api_keys_secret
from tests.manifests.objects import MANIFESTS, objects_of, of_kind

EXAMPLES = [obj for path in sorted((MANIFESTS / "examples").glob("*.yaml")) for obj in objects_of(path)]
SERVICES = {f"{each['metadata']['name']}-service" for each in of_kind(KIND, EXAMPLES)}


def test_the_sample_deployments_are_valid():
    names = {ModelDeployment.model_validate(each).metadata.name for each in of_kind(KIND, EXAMPLES)}
    assert names == {"iris-classifier", "churn-predictor"}


def keys_secret_made_by(file):
    """The Secret that the commands at the top of an example make."""
    (name,) = re.findall(r"create secret generic (\S+) --from-file=keys\n", (MANIFESTS / "examples" / file).read_text())
    return name


def test_an_ingress_leads_to_predict_alone_behind_keys_and_tls():
    (ingress,) = of_kind("Ingress", EXAMPLES)
    (rule,) = ingress["spec"]["rules"]
    assert {rule["host"]} == {host for each in ingress["spec"]["tls"] for host in each["hosts"]}
    (path,) = rule["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/predict", "Exact")
    service = path["backend"]["service"]
    assert service["name"] in SERVICES
    assert service["port"] == {"name": HTTP}
    assert keys_secret_made_by("ingress.yaml") == api_keys_secret(service["name"].removesuffix("-service"))


def test_a_route_leads_to_predict_alone_behind_keys():
    (route,) = of_kind("HTTPRoute", EXAMPLES)
    (rule,) = route["spec"]["rules"]
    assert {(each["name"], each["port"]) for each in rule["backendRefs"]} == {("iris-classifier-service", HTTP_PORT)}
    assert {each["path"]["type"] for each in rule["matches"]} == {"Exact"}
    assert keys_secret_made_by("httproute.yaml") == api_keys_secret("iris-classifier")
