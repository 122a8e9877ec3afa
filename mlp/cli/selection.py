"""Parts of a document: fields that are named, and the names of what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlp.cli.text import columns
from mlp.errors import Invalid

if TYPE_CHECKING:
    from mlp.cli.table import Table


def selected(document: Any, fields: str, table: Table | None = None) -> Any:
    """Return the named fields of a document, or of each document of a list, in that order.

    A field of a field is written with a dot (`status.url`), null where it is absent; through a list it is one a
    member. The columns of the table that shows the document are fields, too: of its rows where the document is no
    list. Raises Invalid (`unknown_field`) for a field that there is nowhere.
    """
    paths = [path.strip() for path in fields.split(",") if path.strip()]
    if table is not None:
        paths = [path.lower() if path.lower() in table.fields else path for path in paths]
        document = _with_columns(document, table, paths)
    _check(document if isinstance(document, list) else [document], paths, [] if table is None else table.fields)
    if isinstance(document, list):
        return [{path: _at(each, path) for path in paths} for each in document]
    return {path: _at(document, path) for path in paths}


def _with_columns(document: Any, table: Table, paths: list[str]) -> Any:
    """Return what the fields are those of: the documents with the columns of their rows, or the rows."""
    records = table.records()
    if isinstance(document, list):
        return [{**each, **_others(row, each)} for each, row in zip(document, records, strict=True)]
    if table.is_one:
        return {**document, **_others(records[0], document)}
    of_rows = [path for path in paths if path in table.fields and path not in document]
    if of_rows and len(of_rows) < len(paths):
        raise Invalid(
            f"--fields names columns of the table ({', '.join(table.fields)}), or what there is besides "
            f"({', '.join(document)}), not both",
            code="unknown_field",
        )
    return records if of_rows else document


def _others(row: dict[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    return {field: cell for field, cell in row.items() if field not in document}


def _check(documents: list[Any], paths: list[str], columns_: list[str]) -> None:
    keys = [key for each in documents if isinstance(each, Mapping) for key in each]
    known = list(dict.fromkeys([*keys, *columns_])) if documents else []
    for path in paths:
        first = path.partition(".")[0]
        if known and first not in known:
            from difflib import get_close_matches

            near = get_close_matches(first, known, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise Invalid(f"there is no field {first!r}{hint}; there are: {', '.join(known)}", code="unknown_field")
    if not paths:
        raise Invalid(f"--fields names none; there are: {', '.join(known)}", code="unknown_field")


def _at(document: Any, path: str) -> Any:
    first, _, rest = path.partition(".")
    if isinstance(document, list):
        return [_at(each, path) for each in document]
    found = document.get(first) if isinstance(document, Mapping) else None
    return _at(found, rest) if rest else found


def table_of(chosen: Any) -> str:
    """Return what was selected as a table with a line a document."""
    rows = chosen if isinstance(chosen, list) else [chosen]
    if not rows:
        return ""
    return columns([path.upper() for path in rows[0]], [[_cell(value) for value in row.values()] for row in rows])


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return ",".join(map(_cell, value))
    if isinstance(value, Mapping):
        return " ".join(f"{key}={_cell(each)}" for key, each in value.items())
    return str(value)


def names_of(document: Any) -> list[str]:
    """Return what other commands call the things in a document: `iris`, `iris:2`.

    Raises Invalid (`no_names`) where it holds nothing that has a name.
    """
    if isinstance(document, Mapping) and "deployments" in document:
        return names_of(document["deployments"])
    if isinstance(document, list):
        return [name for each in document for name in names_of(each)]
    name = _name(document) if isinstance(document, Mapping) else None
    if name is None:
        raise Invalid("-o name is for things that have names; this has none", code="no_names")
    return [name]


def _name(document: Mapping[str, Any]) -> str | None:
    if "metadata" in document:
        return str(document["metadata"]["name"])
    if "model" in document and "name" in document:
        return f"{document['model']}@{document['name']}"
    if isinstance(document.get("name"), str):
        version = document.get("version")
        return f"{document['name']}:{version}" if isinstance(version, int) else str(document["name"])
    found = next((document[key] for key in ("code", "id", "number") if document.get(key) is not None), None)
    return None if found is None else str(found)
