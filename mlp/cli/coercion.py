"""Option values without pydantic.

Typer builds a pydantic TypeAdapter for every option, the first of which costs more than the rest of a small command.
Plain strings, paths, numbers and choices need none; for everything else Typer's own way stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

from typer import BadParameter
from typer._coercion import RuntimeParam

if TYPE_CHECKING:
    from typer._click import Context, Parameter

_CONVERTERS: Mapping[Any, Callable[[str], Any]] = {str: str, bool: bool, Path: Path, int: int}


@dataclass(frozen=True)
class PlainParam(RuntimeParam):
    """Coercion by calling a constructor on the text."""

    convert: Callable[[Any], Any]

    def _coerce_value(self, value: Any, param: Any, ctx: Context) -> Any:
        if self.convert is Path and param.param_type_name == "option" and str(value)[:1] == "-" != str(value):
            words = f"{value!r} is an option, not a file (./{value} would be one)"
            raise BadParameter(words, ctx=ctx, param=param)
        try:
            return [self._one(item) for item in value] if isinstance(value, list | tuple) else self._one(value)
        except ValueError as error:
            wanted = self._range() if self.convert is int else _choices(self.convert)
            raise BadParameter(f"{value!r} is not {wanted}.", ctx=ctx, param=param) from error

    def _one(self, text: Any) -> Any:
        value, low, high = self.convert(text), self.parameter_info.min, self.parameter_info.max
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValueError(text)
        return value

    def _range(self) -> str:
        low, high = self.parameter_info.min, self.parameter_info.max
        if low is None:
            return "a whole number" if high is None else f"a whole number up to {high:,}"
        return f"a whole number from {low:,} {'on' if high is None else f'to {high:,}'}"


def _choices(convert: Callable[[Any], Any]) -> str:
    members = getattr(convert, "__members__", {})
    return f"one of {', '.join(str(member.value) for member in members.values())}" if members else "valid"


def plain(params: list[Parameter]) -> list[Parameter]:
    """Return `params`, each of a plain type with a coercion that does not import pydantic."""
    for param in params:
        descriptor: Any = getattr(param, "type_descriptor", None)
        if descriptor is None:
            continue
        annotation = descriptor.annotation
        if get_origin(annotation) is list:
            annotation = get_args(annotation)[0]
        info = descriptor.parameter_info
        is_choice = isinstance(annotation, type) and issubclass(annotation, Enum)
        convert = annotation if is_choice else _CONVERTERS.get(annotation)
        # Other ranges than of whole numbers are Typer's to check.
        if convert is int or (convert is not None and info.min is None and info.max is None):
            param._runtime_param = PlainParam(info, descriptor.annotation, convert)  # type: ignore[attr-defined]
    return params
