"""Whether plain JSON is a document of `mlp.api.documents`; it looks at what the document names, and nowhere else."""

from __future__ import annotations

import types
from datetime import datetime
from functools import cache
from math import isfinite
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from mlp.api.documents import Moment


class Misshapen(ValueError):
    """The JSON is none; `place` names where: `spec.modelVersion`."""

    def __init__(self, place: tuple[str | int, ...]) -> None:
        self.place = ".".join(map(str, place))
        super().__init__(f"{self.place or 'the whole'} is something else")


def check(value: Any, kind: Any, place: tuple[str | int, ...] = ()) -> None:
    """Raise Misshapen unless `value` is a `kind`: a TypedDict, a list, a dict, a union, a literal, a plain type."""
    if kind is Any:
        return
    origin, of = get_origin(kind), get_args(kind)
    if is_typeddict(kind):
        _check_fields(value, kind, place)
    elif origin is list:
        for number, each in enumerate(_of(value, list, place)):
            check(each, of[0], (*place, number))
    elif origin is dict:
        for key, each in _of(value, dict, place).items():
            check(each, of[1], (*place, key))
    elif origin in (Union, types.UnionType):
        _check_one_of(value, kind, place)
    elif not _is_plain(value, kind):
        raise Misshapen(place)


def _check_fields(value: Any, kind: Any, place: tuple[str | int, ...]) -> None:
    document = _of(value, dict, place)
    for name, (needed, wanted) in fields_of(kind).items():
        if name in document:
            check(document[name], wanted, (*place, name))
        elif needed:
            raise Misshapen((*place, name))


@cache
def fields_of(kind: Any) -> dict[str, tuple[bool, Any]]:
    """Return for each field whether it is needed, and what it is."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        name: (False, get_args(hint)[0]) if get_origin(hint) is NotRequired else (True, hint)
        for name, hint in hints.items()
    }


def in_order(value: Any, kind: Any) -> Any:
    """Return a `kind` with the fields that it names first and in their order, whatever order they came in."""
    if is_typeddict(kind) and isinstance(value, dict):
        named = {name: in_order(value[name], of) for name, (_, of) in fields_of(kind).items() if name in value}
        return {**named, **{name: value[name] for name in value if name not in named}}
    of = get_args(kind)
    if get_origin(kind) is list and isinstance(value, list):
        return [in_order(each, of[0]) for each in value]
    if get_origin(kind) in (Union, types.UnionType) and value is not None:
        return in_order(value, of[0])
    return value


def _check_one_of(value: Any, kind: Any, place: tuple[str | int, ...]) -> None:
    """Complain of the first kind, to which the others (None, as a rule) are exceptions."""
    first, *others = get_args(kind)
    if not any(_is_plain(value, each) for each in others if isinstance(each, type) and not is_typeddict(each)):
        check(value, first, place)


def _of(value: Any, kind: type, place: tuple[str | int, ...]) -> Any:
    if not isinstance(value, kind):
        raise Misshapen(place)
    return value


def _is_plain(value: Any, kind: Any) -> bool:
    if kind is Moment:
        return _is_moment(value)
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if kind is float:
        return isfinite(value) if isinstance(value, float) else _is_plain(value, int)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _is_moment(value: Any) -> bool:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True
