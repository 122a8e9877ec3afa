"""Reading JSON as RFC 8259 means it, and nothing that only looks like it.

Python's own parser takes NaN, two fields of one name, half a surrogate pair and a million brackets; each of them ends
later as a failure of this server. Here they end as the sender's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from math import isinf
from typing import Any, NoReturn

from mlp.errors import Invalid

MAX_DEPTH = 32
MAX_ITEMS = 10_000
"""The most items of one array or object; no document has more."""
_LEAST, _MOST = -(2**63), 2**63 - 1
# Control characters other than tabs and line ends, and halves of surrogate pairs.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def parse_json(body: bytes) -> Any:
    """Return what `body` says.

    Raises Invalid: `invalid_json`, `duplicate_key` and `too_deep` for what is not JSON to us; `out_of_range`,
    `invalid_string` and `too_many_items` for values that no document holds. Nothing of the body is in the message.
    """
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_constant, object_pairs_hook=_object)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Invalid("the body is not JSON", code="invalid_json") from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:  # a number of more digits than Python reads
        raise _out_of_range() from error
    _check_values(value)
    return value


def _constant(_: str) -> NoReturn:
    raise Invalid("NaN and Infinity are not JSON", code="invalid_json")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Invalid("an object names one field twice", code="duplicate_key")
    return found


def _check_values(root: Any) -> None:
    level, depth = [root], 0
    while level:
        if depth > MAX_DEPTH:
            raise _too_deep()
        below: list[Any] = []
        for value in level:
            kind = type(value)
            if check := _CHECKS.get(kind):
                check(value)
            elif kind is list:
                below.extend(_few(value))
            elif kind is dict:
                below.extend(_few(value))  # the names
                below.extend(value.values())
        level, depth = below, depth + 1


def _few(items: Any) -> Any:
    if len(items) > MAX_ITEMS:
        raise Invalid(f"an array or object has more than {MAX_ITEMS} items", code="too_many_items")
    return items


def _check_integer(value: int) -> None:
    if not _LEAST <= value <= _MOST:
        raise _out_of_range()


def _check_float(value: float) -> None:
    if isinf(value):
        raise _out_of_range()


def _check_text(text: str) -> None:
    if _FORBIDDEN.search(text):
        raise Invalid("a string holds a control character, or is not Unicode", code="invalid_string")


_CHECKS: dict[type, Callable[[Any], None]] = {str: _check_text, int: _check_integer, float: _check_float}


def _too_deep() -> Invalid:
    return Invalid(f"the body is nested deeper than {MAX_DEPTH} levels", code="too_deep")


def _out_of_range() -> Invalid:
    return Invalid("a number is outside the range of 64 bits", code="out_of_range")
