"""`mlp config view`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.redaction import redacted
from mlp.cli.session import Session
from mlp.cli.settings import KEYS, origins
from mlp.cli.table import Table


@command
def run(
    session: Session,
    *,
    show_origin: Annotated[
        bool, typer.Option("--show-origin", help="Name the variable, or the file and line, of each value.")
    ] = False,
) -> None:
    """Show every setting. Flags win over the environment, and that over the configuration file."""
    found = origins(session.environment, session.configuration)
    document = []
    for key in KEYS:
        origin = found.get(key.name)
        value = None if origin is None else redacted(origin.value)
        document.append({"name": key.name, "value": value, "origin": origin.where if origin else None})
    contexts = session.configuration.allowed_contexts
    place = session.configuration.place_of("allowed_contexts") if contexts else None
    document.append({"name": "allowed_contexts", "value": ",".join(contexts) or None, "origin": place})
    headers = ("NAME", "VALUE", "ORIGIN" if show_origin else "MEANING")
    meanings = {key.name: key.help for key in KEYS} | {"allowed_contexts": "contexts that need not be named"}
    rows = [
        (each["name"], each["value"] or "-", (each["origin"] or "-") if show_origin else meanings[str(each["name"])])
        for each in document
    ]
    session.emit(document, lambda: Table(headers, rows))
    session.screen.detail(f"file: {session.configuration.path}")
