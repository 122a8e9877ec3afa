"""What can be read of a server: its counters, its model, its own OpenAPI document."""

from __future__ import annotations

import os

import psutil
import pytest
import schemathesis
from openapi_calls import check_answers
from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client.parser import text_string_to_metric_families
from served_models import IRIS_NAMES, SETOSA, churn, houses, iris, reciprocal

from mlp.api.inference import Metadata
from mlp.client.inference import InferenceClient
from mlp.errors import Invalid, Unavailable
from mlp.inference.cpu import available_cpus
from mlp.inference.drift import Drift
from mlp.inference.exposition import Exposition
from mlp.inference.loading import load
from mlp.inference.metrics import Metrics
from mlp.inference.source import Artifact

CUSTOMER = {"age": 61, "monthly fee": 20.5, "contract": "monthly", "city": "Bern"}


@pytest.fixture
def fresh(launcher, registry):
    return lambda model: launcher.start(**registry.publish(model()))


def samples(server) -> dict:
    answer = server.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


def test_requests_rows_and_times_are_counted(fresh):
    server = fresh(iris)
    for _ in range(3):
        server.predict(features=[SETOSA, SETOSA])
    server.predict(features=[])
    server.http.get("/nowhere")
    found = samples(server)
    assert found["mlp_http_requests_total", "/predict", "200"] == 3
    assert found["mlp_http_requests_total", "/predict", "422"] == 1
    assert found["mlp_http_requests_total", "404", "other"] == 1
    assert found["mlp_http_request_seconds_count", "/predict"] == 4
    assert found["mlp_http_request_seconds_bucket", "+Inf", "/predict"] == 4
    assert 0 < found["mlp_model_run_seconds_sum",] < found["mlp_http_request_seconds_sum", "/predict"]
    assert found["mlp_model_run_seconds_count",] == 3
    assert found["mlp_rows_total",] == 6
    assert found["mlp_http_requests_in_flight",] == 1  # the scrape itself
    assert found["mlp_model_info", *sorted(("iris", "1", iris().version.digest))] == 1


def test_the_process_is_shown_as_the_kernel_knows_it(fresh):
    server = fresh(iris)
    found = samples(server)
    process = psutil.Process(server.process.pid)
    assert found["process_start_time_seconds",] == pytest.approx(process.create_time(), abs=2)
    assert found["process_resident_memory_bytes",] == pytest.approx(process.memory_info().rss, rel=0.2)
    assert found["process_virtual_memory_bytes",] == pytest.approx(process.memory_info().vms, rel=0.2)
    assert found["process_open_fds",] == pytest.approx(process.num_fds(), abs=5)
    assert found["process_max_fds",] == process.rlimit(psutil.RLIMIT_NOFILE)[0]
    assert 0 < found["process_cpu_seconds_total",] <= sum(process.cpu_times()[:2]) + 0.1


def test_names_are_written_so_that_prometheus_reads_them_back(tmp_path):
    (tmp_path / "model.onnx").write_bytes(iris().blob)
    model = load(Artifact(iris().version, tmp_path / "model.onnx"), threads=1)
    names = ['with "quotes"', "of two\nlines", "back\\slash", "größe {m}"]
    inputs = [
        feature.model_copy(update={"name": name}) for feature, name in zip(model.signature.inputs, names, strict=True)
    ]
    metrics = Metrics(Drift(model.signature.model_copy(update={"inputs": tuple(inputs)})))
    text = Exposition(metrics, model).render().decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert [sample.labels["feature"] for sample in families["mlp_feature_out_of_range"].samples] == names


def test_values_unlike_those_at_training_are_served_and_counted(fresh):
    server = fresh(iris)
    signature = iris().version.signature
    smallest = [feature.minimum for feature in signature.inputs]
    largest = [feature.maximum for feature in signature.inputs]
    assert server.predict(features=[smallest, largest]).status_code == 200
    assert server.predict(features=[[99, 3.5, 1.4, 0.2], [99, 3.5, -1, 0.2]] * 400).status_code == 200
    found = samples(server)
    counts = {name: found["mlp_feature_out_of_range_total", name] for name in IRIS_NAMES}
    assert counts == {"sepal_length": 800, "sepal_width": 0, "petal_length": 400, "petal_width": 0}


def test_unknown_categories_are_counted_where_they_are_no_error(fresh):
    server = fresh(churn)
    server.predict(records=[{**CUSTOMER, "city": "Genf"}, {**CUSTOMER, "age": 17}, CUSTOMER])
    found = samples(server)
    assert found["mlp_feature_unknown_category_total", "city"] == 1
    assert found["mlp_feature_out_of_range_total", "age"] == 1
    assert not [key for key in found if "contract" in key]


def test_answers_that_are_not_finite_are_counted(fresh):
    server = fresh(reciprocal)
    server.predict(features=[[0], [None], [4]])
    assert samples(server)["mlp_non_finite_outputs_total",] == 2


def test_metadata_says_what_is_served_and_keeps_the_golden_rows(iris_server):
    answer = iris_server.http.get("/metadata")
    metadata = Metadata.model_validate_json(answer.content)
    assert (metadata.name, metadata.version, metadata.digest) == ("iris", 1, iris().version.digest)
    assert metadata.signature == iris().version.signature
    assert metadata.receipt["rows"] == iris().version.receipt.rows
    assert set(metadata.server) == {"mlp", "onnxruntime"}
    assert "golden" not in answer.text


@pytest.mark.parametrize("model", [iris, churn, houses, reciprocal])
def test_the_openapi_document_is_valid_and_has_examples_that_the_model_answers(serving, model):
    server = serving(model)
    document = server.http.get("/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    examples = [
        (path, example["value"])
        for path, operations in document["paths"].items()
        if "post" in operations
        for example in operations["post"]["requestBody"]["content"]["application/json"]["examples"].values()
    ]
    assert len(examples) == 5
    for path, example in examples:
        assert server.http.post(path, json=example).status_code == 200, path
    assert list(document["components"]["schemas"]["Record"]["properties"]) == list(model().version.signature.names)


def test_the_openapi_document_describes_what_the_signature_knows(serving):
    cells = serving(churn).http.get("/openapi.json").json()["components"]["schemas"]["Record"]["properties"]
    assert cells["age"]["type"] == "integer"
    assert "18" in cells["age"]["description"]
    assert cells["monthly fee"]["type"] == ["number", "null"]
    assert cells["contract"]["enum"] == ["monthly", "yearly"]
    assert "Zürich" in cells["city"]["description"]
    assert "enum" not in cells["city"]


def test_the_openapi_document_has_every_path_and_what_each_refuses(serving):
    server = serving(iris)
    document = server.http.get("/openapi.json").json()
    answered = server.http.get("/nowhere").json()["error"]["message"].partition("answers ")[2].split(", ")
    assert sorted(document["paths"]) == sorted(answered)
    for path, operations in document["paths"].items():
        (operation,) = operations.values()
        assert {"400", "408", "413", "417", "431", "500", "503"} <= set(operation["responses"]), path
        assert "401" not in operation["responses"], path
        assert ("404" in operation["responses"]) == ("/models/iris" in path), path
    ready = document["paths"]["/v2/health/ready"]["get"]["responses"]["503"]["content"]["application/json"]["schema"]
    assert {"$ref": "#/components/schemas/IsReady"} in ready["anyOf"]
    refused = document["components"]["responses"]["Sentence400"]
    assert "x-mlp-error-code" in refused["headers"]
    assert "securitySchemes" not in document["components"]


def test_requests_made_from_the_openapi_document_get_only_the_answers_that_it_documents(serving):
    server = serving(churn)
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    for operation in schema.get_all_operations():
        if "/versions/" not in operation.ok().path:  # the same as without a version
            check_answers(server.url, operation.ok(), examples=15)


def test_a_server_of_iris_stays_within_its_memory(fresh, launcher):
    launcher.anew = True
    server = fresh(iris)
    for _ in range(200):
        server.predict(features=[SETOSA])
    server.http.get("/metrics")
    assert psutil.Process(server.process.pid).memory_info().rss <= 110 * 2**20


def test_the_client_speaks_of_predictions_and_of_faults(iris_server):
    with InferenceClient(iris_server.url) as client:
        client.ready()
        assert client.metadata()["name"] == "iris"
        prediction = client.predict({"features": [list(SETOSA)], "return_probabilities": True})
        assert prediction["predictions"] == ["setosa"]
        assert prediction["classes"] == ["setosa", "versicolor", "virginica"]
        with pytest.raises(Invalid) as caught:
            client.predict({"features": [[1, 2, 3, "x"]]})
    assert caught.value.code == "wrong_type"
    assert caught.value.details["column"] == "petal_width"


def test_the_client_says_when_nobody_answers(launcher, registry):
    server = launcher.start(drain_seconds=0, **registry.publish(iris()))
    server.stop()
    with InferenceClient(server.url) as client, pytest.raises(Unavailable):
        client.ready()


def group(root, path, **files):
    folder = root / path
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_threads_follow_the_limit_of_the_control_group(tmp_path):
    cpus = len(os.sched_getaffinity(0))
    membership = tmp_path / "membership"

    membership.write_text("0::/pods/mine\n")
    group(tmp_path / "v2", "pods/mine", cpu__max="max 100000\n")
    group(tmp_path / "v2", "pods", cpu__max="50000 100000\n")
    assert available_cpus(tmp_path / "v2", membership) == 1
    group(tmp_path / "v2", "pods", cpu__max="max 100000\n")
    assert available_cpus(tmp_path / "v2", membership) == cpus

    membership.write_text("3:cpuset:/\n4:cpu,cpuacct:/docker/abc\n")
    group(tmp_path / "v1", "cpu", cpu__cfs_quota_us="100000\n", cpu__cfs_period_us="100000\n")
    assert available_cpus(tmp_path / "v1", membership) == 1
    group(tmp_path / "v1", "cpu", cpu__cfs_quota_us="-1\n", cpu__cfs_period_us="100000\n")
    assert available_cpus(tmp_path / "v1", membership) == cpus
    assert available_cpus(tmp_path / "nowhere", tmp_path / "none") == cpus
