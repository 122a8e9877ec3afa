"""The OpenAPI document, and whether the registry keeps to it whatever it is sent, alike on both databases."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from databases import Databases
from guarded_registry import ADMIN, READ, bearer, guarded, http_as
from hypothesis import HealthCheck, Phase, given, settings, strategies
from postgresql_server import Postgresql
from registry_process import Registry, kill
from sample_models import announce, linear_model, put
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mlp.registry.routes import ROUTERS

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
ROUTES = [route for router in ROUTERS for route in router.routes if route.include_in_schema]
OPERATIONS = [(method, route.path, route.need) for route in ROUTES for method in sorted(route.methods)]
ASKING = [route for route in ROUTES if route.dependant.path_params or route.dependant.query_params or route.body_field]
"""The routes that can be asked in more than one way."""
CASES = math.ceil(300 / len(ASKING))  # an operation and a database
SOAK_CASES = math.ceil(2_500 / len(ASKING))
SAMPLE = linear_model()


@dataclass(frozen=True)
class Pair:
    """Two registries with the same history: one on SQLite, one on PostgreSQL."""

    registries: Mapping[str, Registry]
    schema: Any
    answers: dict[str, Counter[int]] = field(default_factory=dict)
    """How often each status was answered, by database."""

    def keep_to_the_document(self, method: str, path: str, cases: int) -> None:
        """Send each case to both; what they answer is in the document, and the same."""
        operation, known = self.schema[path][method], self._known()
        modes = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

        @settings(
            max_examples=cases,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategies.one_of(modes), about_what_is_there=strategies.booleans())
        def check(case: Any, about_what_is_there: bool) -> None:
            if about_what_is_there and case.path_parameters:
                case.path_parameters = {name: known.get(name, value) for name, value in case.path_parameters.items()}
            told = {database: self._ask(database, case) for database in self.registries}
            assert len(set(told.values())) == 1, told

        check()

    def _ask(self, database: str, case: Any) -> tuple[int, str | None]:
        answer = case.call(base_url=self.registries[database].url, headers=bearer(ADMIN), session=SESSION)
        case.validate_response(answer, checks=CHECKS)
        self.answers.setdefault(database, Counter())[answer.status_code] += 1
        has_error = answer.status_code >= 400 and case.method != "HEAD"
        return answer.status_code, answer.json()["error"]["code"] if has_error else None

    def _known(self) -> dict[str, object]:
        """Put back what a request before may have deleted; return the names of what is there."""
        for registry in self.registries.values():
            with http_as(registry, ADMIN) as http:
                upload = announce(http, "iris", SAMPLE).json()
                if upload["version"] is None:
                    put(http, "iris", upload["id"], SAMPLE.onnx).raise_for_status()
                version = http.get("/models/iris").json()["latest_version"]
                http.put("/models/iris/aliases/staging", json={"version": version}).raise_for_status()
                http.put(f"/models/iris/versions/{version}/uses/somebody").raise_for_status()
                http.delete(f"/models/iris/versions/{version}/uses/somebody").raise_for_status()
                if http.post("/tokens", json={"name": "ci", "scope": "read"}).status_code not in (201, 409):
                    raise AssertionError("no token was made")
        return {"name": "iris", "version": version, "alias": "staging", "holder": "somebody"}


SESSION = requests.Session()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, postgresql: Postgresql) -> Iterator[Pair]:
    databases = {"sqlite": Databases(None), "postgresql": Databases(postgresql)}
    registries = {
        name: guarded(tmp_path_factory.mktemp(name), **each.settings(name)).start() for name, each in databases.items()
    }
    document = f"{registries['sqlite'].url}/openapi.json"
    yield Pair(registries, schemathesis.openapi.from_url(document, headers=bearer(ADMIN)))
    SESSION.close()
    for registry in registries.values():
        kill(registry)
    for each in databases.values():
        each.forget()


@pytest.mark.parametrize(("method", "path", "need"), OPERATIONS)
def test_no_request_gets_an_answer_that_is_not_documented(pair: Pair, method: str, path: str, need: object) -> None:
    pair.keep_to_the_document(method, path, CASES)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_thousands_of_requests_get_documented_answers_on_each_database(pair: Pair, capsys: Any) -> None:
    for method, path, _ in OPERATIONS:
        pair.keep_to_the_document(method, path, SOAK_CASES)
    with capsys.disabled():
        for database, answers in pair.answers.items():
            sys.stdout.write(f"\n{database}: {answers.total()} requests; by status {sorted(answers.items())}")
    assert min(answers.total() for answers in pair.answers.values()) >= 2_000
    assert {"sqlite", "postgresql"} == pair.answers.keys()


def test_every_operation_tells_of_its_failures_and_of_the_token_it_wants(pair: Pair) -> None:
    document = httpx.get(f"{pair.registries['sqlite'].url}/openapi.json", headers=bearer(READ)).json()
    assert document["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    for method, path, need in OPERATIONS:
        operation = document["paths"][path][method.lower()]
        told = operation["responses"]
        assert {"421", "503"} <= told.keys(), path
        assert told["503"]["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorDocument")
        assert {"401", "403"} <= told.keys() or need is None, path
        assert operation.get("security") == (None if need is None else [{"token": [need]}]), path
