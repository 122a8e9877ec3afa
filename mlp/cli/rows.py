"""Rows to predict: from `-i name=value`, from JSON and CSV files, and an example made from the signature."""

from __future__ import annotations

import io
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from mlp.api.documents import Cell, FeatureDocument, RequestDocument, SignatureDocument
from mlp.api.shape import Misshapen, check
from mlp.errors import Invalid, NotFound

MISSING_WORDS = frozenset(("", "null", "nan", "NaN", "NA", "N/A", "None"))


def request_from_inputs(signature: SignatureDocument, inputs: Sequence[str], *, name: str) -> RequestDocument:
    """Build a request of one record from `feature=value` texts.

    Raises Invalid: `no_rows`, `unknown_feature` (with the nearest name), `missing_feature`, `invalid_value`.
    """
    if not inputs:
        raise Invalid(
            "there is nothing to predict: give -i FEATURE=VALUE or -f FILE", code="no_rows", details=_of(name)
        )
    features = {feature["name"]: feature for feature in signature["inputs"]}
    record: dict[str, Cell] = {}
    for text in inputs:
        key, equals, value = text.partition("=")
        if not equals:
            raise Invalid(f"{text!r} is not FEATURE=VALUE", code="invalid_value", details=_of(name))
        if key in record:
            raise Invalid(f"feature {key!r} is given twice", code="invalid_value", details=_of(name))
        if key not in features:
            raise _unknown(key, list(features), name)
        record[key] = cell_of(features[key], value, name=name)
    _no_missing(features, record, name)
    return {"records": [record]}


def _unknown(key: str, known: Sequence[str], name: str) -> Invalid:
    from mlp.cli.nearest import nearest

    return Invalid(f"unknown feature {key!r}{nearest(key, known)}", code="unknown_feature", details=_of(name))


def _no_missing(features: dict[str, FeatureDocument], record: dict[str, Cell], name: str) -> None:
    missing = [key for key, feature in features.items() if key not in record and not feature.get("nullable")]
    if missing:
        raise Invalid(f"missing: {', '.join(missing)}", code="missing_feature", details=_of(name))
    record.update({key: None for key in features if key not in record})


def _of(name: str) -> dict[str, object]:
    return {"name": name, "model": name}


def cell_of(feature: FeatureDocument, text: str, *, name: str) -> Cell:
    """Read one value as its feature's type. Raises Invalid (`invalid_value`)."""
    if text in MISSING_WORDS and feature.get("nullable"):
        return None
    if feature["dtype"] == "string":
        return text
    try:
        return _scalar(feature["dtype"], text)
    except ValueError as error:
        wanted = {"int64": "a whole number", "bool": "true or false"}.get(feature["dtype"], "a number")
        key = feature["name"]
        raise Invalid(f"{key}={text!r}: {key} is {wanted}", code="invalid_value", details=_of(name)) from error


def _scalar(dtype: str, text: str) -> Cell:
    if dtype == "bool":
        words = {"true": True, "false": False, "1": True, "0": False}
        if text.lower() not in words:
            raise ValueError(text)
        return words[text.lower()]
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    if dtype == "int64":
        if not number.is_integer():
            raise ValueError(text)
        return int(text) if text.lstrip("+-").isdigit() else int(number)
    return number


def request_from_file(signature: SignatureDocument, path: Path, *, name: str) -> RequestDocument:
    """Read rows from a JSON file (request body, record, list of records, list of lists) or a CSV with a header.

    `-` is stdin; what begins with `{` or `[` is JSON. Raises Invalid: `no_rows`, `invalid_rows_file` with the place.
    """
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist", code="file_not_found") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} cannot be read as text", code="invalid_rows_file", details=_of(name)) from error
    where = "stdin" if str(path) == "-" else str(path)
    if not text.strip():
        raise Invalid(f"{where} is empty: there is nothing to predict", code="no_rows", details=_of(name))
    if text.lstrip()[:1] in ("{", "["):
        return _from_json(text, where, name)
    return _from_csv(signature, text, where, name)


def _from_json(text: str, where: str, name: str) -> RequestDocument:
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Invalid(f"{where} is not JSON{place}", code="invalid_rows_file", details=_of(name)) from error
    if isinstance(document, list):
        document = {"records" if document and isinstance(document[0], dict) else "features": document}
    elif not {"records", "features"} & set(document):
        document = {"records": [document]}
    try:
        return _request_of(document)
    except Misshapen as error:
        raise Invalid(f"{where}: {error.place} is not a value", code="invalid_rows_file", details=_of(name)) from error


def _request_of(document: dict[str, Any]) -> RequestDocument:
    """Return a request as it was given, without what is null. Raises Misshapen."""
    given = {key: value for key, value in document.items() if value is not None}
    check(given, RequestDocument)
    for key in given:
        if key not in RequestDocument.__annotations__:
            raise Misshapen((key,))
    return cast(RequestDocument, given)


def _from_csv(signature: SignatureDocument, text: str, where: str, name: str) -> RequestDocument:
    import csv

    reader = csv.reader(io.StringIO(text))
    header = next(reader, None)
    features = {feature["name"]: feature for feature in signature["inputs"]}
    if header is None or not set(header) & set(features):
        raise Invalid(
            f"{where}: the first line names none of the features ({', '.join(list(features)[:4])} …)",
            code="invalid_rows_file",
            details=_of(name),
        )
    for key in header:
        if key not in features:
            raise _unknown(key, list(features), name)
    records = []
    for row in reader:
        if len(row) != len(header):
            raise Invalid(
                f"{where}: line {reader.line_num} has {len(row)} values, the header {len(header)}",
                code="invalid_rows_file",
                details=_of(name),
            )
        record = {key: cell_of(features[key], value, name=name) for key, value in zip(header, row, strict=True)}
        _no_missing(features, record, name)
        records.append(record)
    if not records:
        raise Invalid(f"{where} holds a header and no row", code="invalid_rows_file", details=_of(name))
    return {"records": records}


def example_request(signature: SignatureDocument) -> RequestDocument:
    """Return a request body that the model answers: one record, from the middle of what was seen at training."""
    return {"records": [{feature["name"]: _example(feature) for feature in signature["inputs"]}]}


def _example(feature: FeatureDocument) -> Cell:
    if feature["dtype"] == "string":
        categories = feature.get("categories")
        return categories[0] if categories else "text"
    if feature["dtype"] == "bool":
        return True
    low, high = feature.get("minimum") or 0.0, feature.get("maximum")
    middle = (low + (low if high is None else high)) / 2
    return round(middle) if feature["dtype"] == "int64" else float(f"{middle:.4g}")
