"""What a filter asks of a version, once it has been read. Every condition is true or false of every version."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlp.registry.period import Period


class Operator(StrEnum):
    """How two values are compared: numbers as numbers, text by its code points."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


class Field(StrEnum):
    """What is compared. The first three hold values by key; a version without the key is not compared."""

    METRICS = "metrics"
    PARAMS = "params"
    TAGS = "tags"
    VERSION = "version"
    TASK = "task"
    CREATED_AT = "created_at"
    CREATED_BY = "created_by"


@dataclass(frozen=True)
class Comparison:
    """`field.key operator value`; false for a version that has no such key."""

    field: Field
    key: str | None
    operator: Operator
    value: float | int | str | Period
    """A float for metrics, an int for the version, a period for moments, text for everything else."""


@dataclass(frozen=True)
class Not:
    """The opposite of a condition."""

    condition: Condition


@dataclass(frozen=True)
class Every:
    """All of several conditions (`and`)."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Some:
    """At least one of several conditions (`or`)."""

    conditions: tuple[Condition, ...]


Condition = Comparison | Not | Every | Some


def tagged(tag: str) -> Condition:
    """Return the condition that a version has a tag: `key=value`, or `key` with any value."""
    key, equals, value = tag.partition("=")
    of_value = [Comparison(Field.TAGS, key, operator, value) for operator in (Operator.EQUAL, Operator.UNEQUAL)]
    return of_value[0] if equals else Some(tuple(of_value))
