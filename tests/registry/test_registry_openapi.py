"""The OpenAPI document, and whether the registry keeps to it whatever it is sent."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings, strategies
from registry_process import Registry
from sample_models import linear_model
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
CASES = 20  # an operation
OPERATIONS = (
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/metrics"),
    ("POST", "/models"),
    ("GET", "/models"),
    ("GET", "/models/{name}"),
    ("PATCH", "/models/{name}"),
    ("DELETE", "/models/{name}"),
    ("POST", "/models/{name}/uploads"),
    ("PUT", "/models/{name}/uploads/{upload}"),
    ("GET", "/models/{name}/versions"),
    ("GET", "/models/{name}/versions/{version}"),
    ("PATCH", "/models/{name}/versions/{version}"),
    ("DELETE", "/models/{name}/versions/{version}"),
    ("GET", "/models/{name}/versions/{version}/artifact"),
    ("GET", "/models/{name}/versions/{version}/uses"),
    ("PUT", "/models/{name}/versions/{version}/uses/{holder}"),
    ("DELETE", "/models/{name}/versions/{version}/uses/{holder}"),
    ("GET", "/models/{name}/aliases"),
    ("GET", "/models/{name}/aliases/{alias}"),
    ("PUT", "/models/{name}/aliases/{alias}"),
    ("DELETE", "/models/{name}/aliases/{alias}"),
    ("GET", "/models/{name}/aliases/{alias}/history"),
)


@pytest.fixture(scope="module")
def schema(registry: Registry) -> Any:
    with registry.client() as client:
        sample = linear_model()
        client.push("iris", sample.manifest, sample.onnx)
    return schemathesis.openapi.from_url(f"{registry.url}/openapi.json")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_request_gets_an_answer_that_is_not_documented(schema: Any, method: str, path: str) -> None:
    operation = schema[path][method]

    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategies.one_of([operation.as_strategy(generation_mode=mode) for mode in GenerationMode]))
    def keep_to_the_document(case: Any) -> None:
        case.validate_response(case.call(), checks=CHECKS)

    keep_to_the_document()


def test_every_operation_tells_of_its_failures(http: httpx.Client) -> None:
    operations = {
        (method.upper(), path): operation
        for path, methods in http.get("/openapi.json").json()["paths"].items()
        for method, operation in methods.items()
    }
    assert operations.keys() == set(OPERATIONS)
    for key, operation in operations.items():
        assert {"421", "503"} <= operation["responses"].keys(), key
        assert operation["responses"]["503"]["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorDocument")
