"""The OpenAPI document, and whether the registry keeps to it whatever it is sent."""

from __future__ import annotations

import math
from typing import Any

import httpx
import pytest
import schemathesis
from databases import ON_BOTH_DATABASES
from guarded_registry import ADMIN, READ, bearer
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

from mlp.client.registry import RegistryClient
from mlp.registry.routes import ROUTERS

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
OPERATIONS = [
    (method, route.path, route.need)
    for router in ROUTERS
    for route in router.routes
    if route.include_in_schema
    for method in sorted(route.methods)
]
CASES = math.ceil(300 / len(OPERATIONS))  # an operation
SOAK_CASES = math.ceil(2_500 / len(OPERATIONS))


@pytest.fixture(scope="module")
def schema(guarded_registry: Registry) -> Any:
    with RegistryClient(guarded_registry.url, token_file=guarded_registry.data.parent / "admin.token") as client:
        sample = linear_model()
        client.push("iris", sample.manifest, sample.onnx)
    return schemathesis.openapi.from_url(f"{guarded_registry.url}/openapi.json", headers=bearer(ADMIN))


@pytest.mark.parametrize(("method", "path", "need"), OPERATIONS)
def test_no_request_gets_an_answer_that_is_not_documented(schema: Any, method: str, path: str, need: object) -> None:
    keep_to_the_document(schema[path][method], CASES)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
@ON_BOTH_DATABASES
def test_thousands_of_requests_get_documented_answers_on_each_database(schema: Any) -> None:
    for method, path, _ in OPERATIONS:
        keep_to_the_document(schema[path][method], SOAK_CASES)


def keep_to_the_document(operation: Any, cases: int) -> None:
    @settings(
        max_examples=cases,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategies.one_of([operation.as_strategy(generation_mode=mode) for mode in GenerationMode]))
    def check(case: Any) -> None:
        case.validate_response(case.call(headers=bearer(ADMIN)), checks=CHECKS)

    check()


def test_every_operation_tells_of_its_failures_and_of_the_token_it_wants(guarded_registry: Registry) -> None:
    document = httpx.get(f"{guarded_registry.url}/openapi.json", headers=bearer(READ)).json()
    assert document["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    for method, path, need in OPERATIONS:
        operation = document["paths"][path][method.lower()]
        told = operation["responses"]
        assert {"421", "503"} <= told.keys(), path
        assert told["503"]["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorDocument")
        assert {"401", "403"} <= told.keys() or need is None, path
        assert operation.get("security") == (None if need is None else [{"token": [need]}]), path
