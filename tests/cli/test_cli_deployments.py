"""ModelDeployment documents from files and flags."""

import pytest

from mlp.cli.deployments import changed, read_documents
from mlp.errors import Invalid, NotFound

GOOD = """
apiVersion: ml.example.com/v1
kind: ModelDeployment
metadata: {name: my-model, namespace: ml-platform}
spec:
  modelName: iris-classifier
  modelVersion: 2
  replicas: 3
  environment: production
  resources:
    requests: {memory: 512Mi, cpu: 500m}
    limits: {memory: 1Gi, cpu: 1000m}
  autoscaling: {enabled: true, minReplicas: 3, maxReplicas: 10, targetCPUUtilizationPercentage: 80}
"""


@pytest.fixture
def file(tmp_path):
    def write(text: str):
        path = tmp_path / "deployment.yaml"
        path.write_text(text)
        return path

    return write


def test_the_document_that_kubernetes_takes_is_read_and_written_alike(file):
    [deployment] = read_documents(file(GOOD))
    document = deployment.document()
    assert document["spec"]["autoscaling"]["targetCPUUtilizationPercentage"] == 80
    assert document["spec"]["resources"]["limits"] == {"cpu": "1000m", "memory": "1Gi"}
    assert read_documents(file(__import__("json").dumps(document))) == [deployment]


def test_a_file_may_hold_several(file):
    assert len(read_documents(file(f"{GOOD}\n---\n{GOOD}\n---\n"))) == 2


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("replicas: 3", "replica: 3", "spec.replica: there is no such field (did you mean replicas?)"),
        ("modelVersion: 2", "modelversion: 2", "did you mean modelVersion?"),
        ("minReplicas: 3,", "minReplica: 3,", "spec.autoscaling.minReplica: there is no such field (did you mean"),
        ("modelVersion: 2", "modelVersion: 0", "spec.modelVersion"),
        ("modelVersion: 2", "modelVersion: '2'", "spec.modelVersion"),
        ("modelName: iris-classifier", "modelName: Iris_1", "spec.modelName"),
        ("minReplicas: 3", "minReplicas: 11", "minReplicas must not exceed maxReplicas"),
        ("maxReplicas: 10,", "", "autoscaling needs maxReplicas"),
        ("replicas: 3", "replicas: -1", "spec.replicas"),
        ("memory: 512Mi", "memory: lots", "spec.resources.requests.memory"),
        ("kind: ModelDeployment", "kind: Deployment", "kind"),
        ("ml.example.com/v1", "apps/v1", "apiVersion"),
        ("{name: my-model,", "{name: My_Model,", "metadata.name"),
        ("spec:", "spec: [", "not YAML"),
    ],
)
def test_a_mistake_is_named_by_its_field(file, before, after, message):
    with pytest.raises(Invalid) as caught:
        read_documents(file(GOOD.replace(before, after)))
    assert caught.value.code == "invalid_deployment"
    assert message in caught.value.message


@pytest.mark.parametrize("text", ["", "---\n", "- 1\n", "just words", "\x00"])
def test_what_is_no_document_is_refused(file, text):
    with pytest.raises(Invalid):
        read_documents(file(text))


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(NotFound):
        read_documents(tmp_path / "none.yaml")


def flags(existing=None, **given):
    options = {"name": "iris", "model": None, "replicas": None, "environment": None} | given
    version = options.pop("version", 7)
    return changed(existing, number_of=lambda _: version, **options)


def test_flags_alone_serve_the_latest_version_of_the_model_of_that_name():
    spec = flags().spec
    assert (spec.model_name, spec.model_version, spec.replicas) == ("iris", 7, 1)


def test_flags_change_only_what_they_name(file):
    [existing] = read_documents(file(GOOD))
    spec = flags(existing, name="my-model", version=3).spec
    assert spec.model_version == 3
    assert spec.replicas == 3
    assert spec.environment == "production"
    assert spec.autoscaling == existing.spec.autoscaling


@pytest.mark.parametrize(
    "given", [{"name": "Iris"}, {"version": -1}, {"version": 0}, {"replicas": -2}, {"model": "a" * 51}]
)
def test_wrong_flags_are_invalid(given):
    with pytest.raises(Invalid):
        flags(**given)
