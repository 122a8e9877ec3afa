"""The examples are of models that the platform serves, and no model is opened to the world without a guard."""

from mlp.api.deployment import KIND, ModelDeployment
from mlp.controller.pod import HTTP, HTTP_PORT
from tests.manifests.objects import MANIFESTS, objects_of, of_kind

EXAMPLES = [obj for path in sorted((MANIFESTS / "examples").glob("*.yaml")) for obj in objects_of(path)]
SERVICES = {f"{each['metadata']['name']}-service" for each in of_kind(KIND, EXAMPLES)}


def test_the_sample_deployments_are_valid():
    names = {ModelDeployment.model_validate(each).metadata.name for each in of_kind(KIND, EXAMPLES)}
    assert names == {"iris-classifier", "churn-predictor"}


def test_an_ingress_leads_to_predict_alone_behind_a_password_and_tls():
    (ingress,) = of_kind("Ingress", EXAMPLES)
    annotations = ingress["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/auth-type"] == "basic"
    assert annotations["nginx.ingress.kubernetes.io/auth-secret"]
    (rule,) = ingress["spec"]["rules"]
    assert {rule["host"]} == {host for each in ingress["spec"]["tls"] for host in each["hosts"]}
    (path,) = rule["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/predict", "Exact")
    service = path["backend"]["service"]
    assert service["name"] in SERVICES
    assert service["port"] == {"name": HTTP}


def test_a_route_leads_to_predict_alone_and_its_gateway_asks_for_keys():
    (route,), (policy,) = of_kind("HTTPRoute", EXAMPLES), of_kind("SecurityPolicy", EXAMPLES)
    (rule,) = route["spec"]["rules"]
    assert {(each["name"], each["port"]) for each in rule["backendRefs"]} == {("iris-classifier-service", HTTP_PORT)}
    assert {each["path"]["type"] for each in rule["matches"]} == {"Exact"}
    (target,) = policy["spec"]["targetRefs"]
    assert (target["kind"], target["name"]) == (route["kind"], route["metadata"]["name"])
    assert policy["spec"]["apiKeyAuth"]["extractFrom"] == [{"headers": ["x-api-key"]}]
