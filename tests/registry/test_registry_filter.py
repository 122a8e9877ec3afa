"""The language of filters, without a database: what is read, and where what is wrong is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies

from mlp.errors import Invalid
from mlp.registry.condition import Comparison, Condition, Every, Field, Not, Operator, Some
from mlp.registry.filter import MAX_COMPARISONS, MAX_DEPTH, MAX_LENGTH, parse_filter
from mlp.registry.period import Period

ACCURATE = Comparison(Field.METRICS, "accuracy", Operator.GREATER, 0.95)
RISK = Comparison(Field.TAGS, "team", Operator.EQUAL, "risk")
SECOND = Comparison(Field.VERSION, None, Operator.GREATER_OR_EQUAL, 2)
DAY = datetime(2026, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("metrics.accuracy > 0.95", ACCURATE),
        ("metrics.accuracy>0.95", ACCURATE),
        ("\n metrics.accuracy\t> 0.95 ", ACCURATE),
        ("metrics.accuracy > 0.95 and tags.team = 'risk'", Every((ACCURATE, RISK))),
        ('tags.team="risk"', RISK),
        ("tags.team = 'it''s'", Comparison(Field.TAGS, "team", Operator.EQUAL, "it's")),
        ('tags.team = "a ""b"" \'c\' \\"', Comparison(Field.TAGS, "team", Operator.EQUAL, "a \"b\" 'c' \\")),
        ("tags.team = ''", Comparison(Field.TAGS, "team", Operator.EQUAL, "")),
        ("tags.team != 'größe 数'", Comparison(Field.TAGS, "team", Operator.UNEQUAL, "größe 数")),
        (
            "metrics.f1-macro/v2.0_x <= -1e-3",
            Comparison(Field.METRICS, "f1-macro/v2.0_x", Operator.LESS_OR_EQUAL, -0.001),
        ),
        ("metrics.0 < .5", Comparison(Field.METRICS, "0", Operator.LESS, 0.5)),
        ("params.version = '1'", Comparison(Field.PARAMS, "version", Operator.EQUAL, "1")),
        ("tags.and = 'or'", Comparison(Field.TAGS, "and", Operator.EQUAL, "or")),
        ("version >= 2", SECOND),
        ("task = 'regression'", Comparison(Field.TASK, None, Operator.EQUAL, "regression")),
        ("created_by = 'ci'", Comparison(Field.CREATED_BY, None, Operator.EQUAL, "ci")),
        (
            "created_at >= '2026-05-03'",
            Comparison(Field.CREATED_AT, None, Operator.GREATER_OR_EQUAL, Period(DAY, DAY + timedelta(days=1))),
        ),
        ("not version >= 2", Not(SECOND)),
        ("not not version >= 2", Not(Not(SECOND))),
        ("((version >= 2))", SECOND),
        (
            "version >= 2 or metrics.accuracy > 0.95 and tags.team = 'risk'",
            Some((SECOND, Every((ACCURATE, RISK)))),
        ),
        (
            "(version >= 2 or metrics.accuracy > 0.95) and not tags.team = 'risk'",
            Every((Some((SECOND, ACCURATE)), Not(RISK))),
        ),
    ],
)
def test_a_filter_is_read(text: str, condition: Condition) -> None:
    assert parse_filter(text) == condition


@pytest.mark.parametrize(
    ("text", "position", "hint"),
    [
        ("", 1, "a field is expected"),
        ("  ", 3, "a field is expected"),
        ("metrics.accuracy", 17, "is expected here"),
        ("metrics.accuracy >", 19, "compared with a number"),
        ("metrics.accuracy > '0.9'", 20, "compared with a number"),
        ("metrics.accuracy > true", 20, "compared with a number"),
        ("metrics.accuracy > 0.9.1", 20, "nothing that a filter is made of"),
        ("metrics.accuracy > 1e999", 20, "outside the range"),
        ("metrics.accuracy > NaN", 20, "compared with a number"),
        ("metrics > 1", 1, "needs a key, as in metrics.KEY"),
        ("metrics. > 1", 1, "needs a key"),
        ("metrics.a- > 1", 1, "needs a key"),
        ("metrics." + "a" * 65 + " > 1", 1, "needs a key"),
        ("metric.accuracy > 1", 1, "did you mean metrics?"),
        ("size > 1", 1, "fields are metrics, params"),
        ("version.x = 1", 8, "has no keys"),
        ("version = 1.5", 11, "a whole number"),
        ("version = -1", 11, "a whole number"),
        ("version = 2147483648", 11, "a whole number"),
        ("version = " + "9" * 500, 11, "a whole number"),
        ("version = '1'", 11, "compared with a number"),
        ("tags.team = risk", 13, "text in quotes"),
        ("tags.team = 1", 13, "text in quotes"),
        ("tags.team = 'risk", 13, "closing quote is missing"),
        ("tags.team = 'a\x00b'", 15, "a control character"),
        ("tags.team = '\ud800'", 14, "half a character"),
        ("tags.team == 'risk'", 11, "write = for equal"),
        ("tags.team <> 'risk'", 11, "write != for unequal"),
        ("version = 1 && version = 2", 13, "write and"),
        ("version = 1 AND version = 2", 13, "'and', 'or' or the end"),
        ("version = 1 version = 2", 13, "'and', 'or' or the end"),
        ("version = 1; drop table versions", 12, "nothing that a filter is made of"),
        ("(version = 1", 13, "for the '(' at character 1"),
        ("version = 1)", 12, "'and', 'or' or the end"),
        ("not", 4, "a field is expected"),
        ("created_at > 'yesterday'", 14, "neither a day"),
        ("created_at > 2026", 14, "text in quotes"),
        ("\u0661 = 1", 1, "nothing that a filter is made of"),
        ("(" * (MAX_DEPTH + 1) + "version = 1" + ")" * (MAX_DEPTH + 1), MAX_DEPTH + 1, "nested deeper"),
        ("not " * (MAX_DEPTH + 1) + "version = 1", MAX_DEPTH * 4 + 1, "nested deeper"),
        (" or ".join(["version = 1"] * (MAX_COMPARISONS + 1)), MAX_COMPARISONS * 15 + 1, "more than 50 comparisons"),
    ],
)
def test_what_is_no_filter_is_refused_where_it_goes_wrong(text: str, position: int, hint: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_filter(text)
    assert refusal.value.code == "invalid_filter"
    assert refusal.value.details == {"position": position}
    assert refusal.value.message.startswith(f"filter, character {position}: ")
    assert hint in refusal.value.message


def test_a_filter_has_an_end() -> None:
    with pytest.raises(Invalid, match="at most 2000 characters"):
        parse_filter("(" * (MAX_LENGTH + 1))


@given(strategies.text(max_size=60) | strategies.text("()notandor'\"=<>!.19 \\metricsversiontags", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    refused = None
    try:
        parse_filter(text)
    except Invalid as error:
        refused = error
    if refused is not None:
        assert refused.code == "invalid_filter"
        assert 1 <= int(str(refused.details["position"])) <= len(text) + 1
