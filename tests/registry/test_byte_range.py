"""Which part of a blob a `Range` header means."""

from __future__ import annotations

import pytest

from mlp.errors import Invalid
from mlp.registry.routes.byte_range import asked_span, is_known

SIZE = 100


@pytest.mark.parametrize(
    ("headers", "span"),
    [
        ({}, None),
        ({"range": "bytes=0-0"}, range(1)),
        ({"range": "bytes=10-19"}, range(10, 20)),
        ({"range": "Bytes=90-"}, range(90, 100)),
        ({"range": "bytes=90-1000"}, range(90, 100)),
        ({"range": "bytes=-10"}, range(90, 100)),
        ({"range": "bytes=-1000"}, range(100)),
        ({"range": "items=0-9"}, None),
        ({"range": "bytes=0-9", "if-range": '"etag"'}, range(10)),
        ({"range": "bytes=0-9", "if-range": '"other"'}, None),
    ],
)
def test_one_range_is_understood(headers: dict[str, str], span: range | None) -> None:
    assert asked_span(headers, '"etag"', SIZE) == span


@pytest.mark.parametrize(
    "wanted",
    [
        "bytes=0-9,20-29",
        "bytes=" + ",".join("0-" for _ in range(10_000)),
        "bytes=100-",
        "bytes=9-0",
        "bytes=-0",
        "bytes=-",
        "bytes=",
        "bytes=a-b",
        "bytes=0x1-0x2",
        "bytes=" + "9" * 5_000 + "-",
        "bytes=\u0661-\u0662",
    ],
)
def test_what_is_not_one_range_within_the_blob_is_refused(wanted: str) -> None:
    with pytest.raises(Invalid) as refusal:
        asked_span({"range": wanted}, '"etag"', SIZE)
    assert refusal.value.code == "range_not_satisfiable"
    assert refusal.value.details == {"size": SIZE}


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ('"etag"', True),
        ('W/"etag"', True),
        ('"a" , "etag"', True),
        ("*", True),
        ("", False),
        ("etag", False),
        ('"etag', False),
        ('"another etag"', False),
    ],
)
def test_what_the_client_has_already_is_known_by_its_etag(given: str, known: bool) -> None:
    assert is_known({"if-none-match": given}, '"etag"') is known
