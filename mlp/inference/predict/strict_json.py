"""JSON as RFC 8259 has it, and nothing beyond: no NaN, no duplicate keys, no lone surrogates."""

from __future__ import annotations

import json
import math
import sys
from typing import Any, NoReturn

from mlp.errors import Invalid


def parse(body: bytes) -> Any:
    """Return the document in `body`; a number beyond all dtypes is an infinity or a large int.

    Raises Invalid: `empty_body`, `invalid_json`, `duplicate_key` or `too_deep`.
    """
    if not body:
        raise Invalid("the body is empty; send a JSON object", code="empty_body")
    try:
        text = body.decode("utf-8")
        document = _load(text)
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


def _load(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # An integer of more digits than Python turns into an int. A hook for each number takes ten times as long.
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_int=_integer)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise Invalid("an object names the same key twice", code="duplicate_key")
    return document


def _refuse_constant(_: str) -> NoReturn:
    raise Invalid("NaN and Infinity are not JSON; a missing value is null", code="invalid_json")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= sys.get_int_max_str_digits() else math.inf
