"""The slow way to read a request: cell by cell, to say what is wrong with it and where.

It also accepts what the fast way does not know: a whole number written as 5.0 for an int64 feature.
No message repeats a value of the request, because values may be secret and messages are logged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from mlp.api.receipt import Cell
from mlp.api.signature import DType, Feature, Signature
from mlp.errors import Invalid
from mlp.inference.predict import strict_json
from mlp.inference.predict.rows import FLOAT32_MAX, FLOAT64_MAX, INT64_MAX, INT64_MIN, Call, Row

_FIELDS = ("features", "records", "return_probabilities")
_LIMITS: Mapping[DType, tuple[float, float]] = {
    DType.FLOAT32: (-FLOAT32_MAX, FLOAT32_MAX),
    DType.FLOAT64: (-FLOAT64_MAX, FLOAT64_MAX),
    DType.INT64: (INT64_MIN, INT64_MAX),
}
_WANTED: Mapping[DType, str] = {
    DType.FLOAT32: "a number",
    DType.FLOAT64: "a number",
    DType.INT64: "a whole number",
    DType.BOOL: "true or false",
    DType.STRING: "a string",
}
_MIXED = ", like the first one: a request's rows are all lists or all objects"
_SHOWN = 10
"""Names in a message."""
_COMPARED = 500
"""Names compared to find the one that was meant; comparing is slow, and callers choose how often it happens."""
_LONGEST_NAME = 64


class CarefulReader:
    """Reads requests for a model of this signature."""

    def __init__(self, signature: Signature) -> None:
        self._features = signature.inputs
        self._names = signature.names

    def read(self, body: bytes) -> Call:
        """Return what `body` asks; raise Invalid with the first thing that is wrong, row and column in the details."""
        request = strict_json.parse(body)
        if not isinstance(request, dict):
            raise Invalid(
                f"the body is {kind_of(request)}; send an object with 'features' or 'records'", code="wrong_type"
            )
        for field in request:
            if field not in _FIELDS:
                raise Invalid(f"unknown field {_meant(field, _FIELDS)}", code="unknown_field")
        probabilities = request.get("return_probabilities", False)
        if not isinstance(probabilities, bool):
            raise Invalid("return_probabilities must be true or false", code="wrong_type")
        given = [field for field in ("features", "records") if request.get(field) is not None]
        if len(given) != 1:
            raise Invalid(
                "send rows either by position ('features') or by name ('records'), one of the two",
                code="features_or_records",
            )
        return self.rows(given[0], request[given[0]]), probabilities

    def rows(self, field: str, rows: Any, *, named: str | None = None) -> Sequence[Row]:
        """Return rows given by position (`features`) or by name (`records`), under a field that may be `named` else."""
        if not isinstance(rows, list):
            raise Invalid(f"'{named or field}' is {kind_of(rows)}; it must be a list of rows", code="wrong_type")
        if not rows:
            raise Invalid(f"'{named or field}' is empty; send at least one row", code="empty_batch")
        if field == "features":
            hint = _MIXED if named else "; rows by name go under 'records'"
            return [self._by_position(number, row, hint) for number, row in enumerate(rows)]
        hint = _MIXED if named else "; rows by position go under 'features'"
        return [self._by_name(number, row, hint) for number, row in enumerate(rows)]

    def _by_position(self, number: int, row: Any, hint: str) -> Row:
        width = len(self._names)
        if not isinstance(row, list):
            hint = hint if isinstance(row, dict) else ""
            raise Invalid(
                f"row {number} is {kind_of(row)}; each row is a list of {width} values{hint}",
                code="wrong_type",
                details={"row": number},
            )
        if len(row) != width:
            raise Invalid(
                f"row {number} has {len(row)} values, the model takes {width}: {_listed(self._names)}",
                code="wrong_width",
                details={"row": number, "width": len(row), "expected": width},
            )
        return tuple(_cell(feature, value, number) for feature, value in zip(self._features, row, strict=True))

    def _by_name(self, number: int, record: Any, hint: str) -> Row:
        if not isinstance(record, dict):
            hint = hint if isinstance(record, list) else ""
            raise Invalid(
                f"row {number} is {kind_of(record)}; each record is an object of {len(self._names)} values{hint}",
                code="wrong_type",
                details={"row": number},
            )
        known = set(self._names)
        for name in record:
            if name not in known:
                raise Invalid(
                    f"row {number}: unknown feature {_meant(name, self._names)}",
                    code="unknown_feature",
                    details={"row": number, "column": name[:_LONGEST_NAME]},
                )
        missing = [name for name in self._names if name not in record]
        if missing:
            raise Invalid(
                f"row {number} lacks {_listed(missing)}",
                code="missing_feature",
                details={"row": number, "column": missing[0]},
            )
        return tuple(_cell(feature, record[feature.name], number) for feature in self._features)


def _cell(feature: Feature, value: Any, row: int) -> Cell:
    """Return `value` as the feature's type, or raise Invalid with its place."""
    if value is None:
        if feature.nullable:
            return None
        raise _misfit(feature, row, "missing_value", "must not be null")
    if feature.dtype is DType.STRING:
        return _text(feature, value, row)
    if isinstance(value, bool) != (feature.dtype is DType.BOOL) or not isinstance(value, int | float):
        raise _misfit(feature, row, "wrong_type", f"takes {_WANTED[feature.dtype]}, not {kind_of(value)}")
    return value if isinstance(value, bool) else _number(feature, value, row)


def _text(feature: Feature, value: Any, row: int) -> str:
    if not isinstance(value, str):
        raise _misfit(feature, row, "wrong_type", f"takes {_WANTED[feature.dtype]}, not {kind_of(value)}")
    if feature.closed and value not in (feature.categories or ()):
        raise _misfit(feature, row, "unknown_category", f"takes one of {_listed(feature.categories or ())}")
    return value


def _number(feature: Feature, value: float, row: int) -> int | float:
    least, most = _LIMITS[feature.dtype]
    if not least <= value <= most:
        raise _misfit(feature, row, "out_of_range", f"is beyond the range of {feature.dtype}")
    if feature.dtype is not DType.INT64:
        return float(value)
    if value != int(value):
        raise _misfit(feature, row, "wrong_type", "takes a whole number, not a fraction")
    return int(value)


def _misfit(feature: Feature, row: int, code: str, problem: str) -> Invalid:
    return Invalid(
        f"row {row}, column {feature.name!r} {problem}", code=code, details={"row": row, "column": feature.name}
    )


def kind_of(value: Any) -> str:
    """Return what a JSON value is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def _meant(name: str, known: Sequence[str]) -> str:
    """Return the name, shortened, and the known one that it resembles."""
    close = get_close_matches(name, known[:_COMPARED], n=1) if len(name) <= _LONGEST_NAME else []
    return repr(name[:_LONGEST_NAME]) + (f"; did you mean {close[0]!r}?" if close else "")
