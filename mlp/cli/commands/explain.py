"""`mlp explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.catalogue import GENERIC, KNOWN, Known, by_code
from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.cli.table import Table
from mlp.errors import NotFound


@command
def run(
    session: Session,
    *,
    code: Annotated[
        str | None, typer.Argument(metavar="CODE", help="A code such as MLP2204; all of them if left out.")
    ] = None,
) -> None:
    """Say what a code means: its cause, and how to mend it."""
    if code is None:
        entries = sorted((*KNOWN.items(), *GENERIC.items()), key=lambda item: item[1].code)
        session.emit(
            [_document(key, entry) for key, entry in entries],
            lambda: Table(("CODE", "MEANING"), [(entry.code, entry.title) for _, entry in entries]),
        )
        return
    found = by_code(code)
    if found is None:
        raise NotFound(f"there is no code {code!r}", code="unknown_code")
    key, entry = found
    session.emit(
        _document(key, entry),
        lambda: f"{entry.code}  {entry.title}\n  cause  {entry.cause}\n  fix    {entry.fix_for({})}",
    )


def _document(key: str, entry: Known) -> dict[str, str]:
    return {"code": entry.code, "name": key, "title": entry.title, "cause": entry.cause, "fix": entry.fix_for({})}
