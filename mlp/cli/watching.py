"""Showing something again whenever it changes: in place on a terminal, line after line elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from mlp.cli.output import Format
from mlp.cli.text import printable

if TYPE_CHECKING:
    from mlp.cli.session import Session


@dataclass(frozen=True)
class Shown:
    """One view of what is watched."""

    document: Any
    """For programs."""
    text: Callable[[], str]
    """For a terminal."""
    lines: Callable[[], Sequence[str]]
    """For a log: a line a part, which is told when it is new."""


def show(session: Session, views: Iterable[Shown]) -> None:
    """Show every view, until there are no more.

    With `-o json` each is one line, with `-o yaml` one document; in a pipe a line is told when it is new.
    """
    if session.flags.output is not Format.TEXT:
        _documents(session.flags.output, views)
    elif sys.stdout.isatty() and session.screen.moving:
        _in_place(views)
    else:
        _lines(views)


def _documents(format_: Format, views: Iterable[Shown]) -> None:
    for view in views:
        if format_ is Format.JSON:
            typer.echo(json.dumps(view.document, ensure_ascii=False))
        else:
            import yaml

            typer.echo(f"---\n{yaml.safe_dump(view.document, sort_keys=False, allow_unicode=True)}", nl=False)
        sys.stdout.flush()


def _in_place(views: Iterable[Shown]) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(highlight=False), auto_refresh=False, vertical_overflow="visible") as live:
        for view in views:
            live.update(Text(view.text(), overflow="fold"), refresh=True)


def _lines(views: Iterable[Shown]) -> None:
    said: set[str] = set()
    for view in views:
        lines = view.lines()
        for line in lines:
            if line not in said:
                typer.echo(f"{datetime.now().astimezone():%H:%M:%S}  {printable(line)}")
        said = set(lines)
        sys.stdout.flush()
