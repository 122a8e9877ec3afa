"""Data on stdout: as text for a person, or as one document for a program."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import typer


class Format(StrEnum):
    """How a command prints its data."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"


def emit(format_: Format, document: Any, text: Callable[[], str]) -> None:
    """Print `document` (plain lists, dictionaries and scalars), or what `text` makes of it for a person."""
    if format_ is Format.JSON:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    elif format_ is Format.YAML:
        import yaml

        typer.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), nl=False)
    else:
        words = text()
        if words:
            typer.echo(words)
