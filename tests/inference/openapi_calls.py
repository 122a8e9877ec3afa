"""Requests made from a server's own OpenAPI document, whose answers have to be documented there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance


def check_answers(url: str, operation: Any, *, examples: int, headers: Mapping[str, str] | None = None) -> None:
    """Send requests of one operation; raise what is wrong with an answer."""
    # No schema can say that a tensor has as many elements as its shape claims.
    spared = [positive_data_acceptance] if operation.path.endswith("/infer") else []

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def check(case: Any) -> None:
        case.call_and_validate(base_url=url, headers=headers, excluded_checks=spared)

    check()
