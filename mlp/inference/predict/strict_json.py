"""JSON as RFC 8259 has it, and nothing beyond: no NaN, no duplicate keys, no lone surrogates."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from mlp.errors import Invalid

_LARGE = re.compile(r"[0-9][eE]|[0-9]{300}")
_LONGEST_INT = 400
"""Digits; a longer number is beyond every dtype, and turning it into an int takes quadratic time."""


def parse(body: bytes) -> Any:
    """Return the document in `body`; an integer beyond all dtypes is returned as an infinity.

    Raises Invalid: `empty_body`, `invalid_json`, `duplicate_key` or `too_deep`.
    """
    if not body:
        raise Invalid("the body is empty; send a JSON object", code="empty_body")
    try:
        text = body.decode("utf-8")
        # A hook for each number takes ten times as long as the parsing: only numbers that may be too large need it.
        large = _LARGE.search(text) is not None
        document = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_finite if large else None,
            parse_int=_integer if large else None,
        )
        if "\\ud" in text.lower():
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Invalid(f"the body is not JSON: {error.msg} ({where})", code="invalid_json") from None
    except UnicodeDecodeError:
        raise Invalid("the body is not UTF-8", code="invalid_json") from None
    except UnicodeEncodeError:
        raise Invalid("a string holds half of a surrogate pair", code="invalid_json") from None
    except RecursionError:
        raise Invalid("the body is nested too deeply", code="too_deep") from None
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise Invalid("an object names the same key twice", code="duplicate_key")
    return document


def _refuse_constant(_: str) -> NoReturn:
    raise Invalid("NaN and Infinity are not JSON; a missing value is null", code="invalid_json")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise Invalid("a number is too large for a float", code="invalid_json")
    return value


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INT else math.inf
