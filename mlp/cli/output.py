"""Data on stdout: as text for a person, or as one document for a program."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import typer

from mlp.cli.selection import names_of, selected, table_of
from mlp.cli.table import Table


class Format(StrEnum):
    """How a command prints its data."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


def emit(format_: Format, document: Any, text: Callable[[], str | Table], fields: str | None = None) -> None:
    """Print `document` (plain lists, dictionaries and scalars), or what `text` makes of it for a person.

    `fields` are names with commas between them: nothing else of the document is printed. Where `text` makes a table,
    its columns can be named too. Raises Invalid (`unknown_field`, `no_names`).
    """
    chosen = document
    if fields is not None:
        shown = text()
        chosen = selected(document, fields, shown if isinstance(shown, Table) else None)
    match format_:
        case Format.JSON:
            typer.echo(json.dumps(chosen, indent=2, ensure_ascii=False))
        case Format.YAML:
            import yaml

            typer.echo(yaml.safe_dump(chosen, sort_keys=False, allow_unicode=True), nl=False)
        case Format.NAME:
            typer.echo("".join(f"{name}\n" for name in names_of(document)), nl=False)
        case Format.TEXT:
            words = str(text()) if fields is None else table_of(chosen)
            if words:
                typer.echo(words)
