"""`mlp config set`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.nearest import nearest
from mlp.cli.session import Session
from mlp.cli.settings import KEYS
from mlp.errors import Invalid


@command
def run(
    session: Session,
    *,
    key: Annotated[str, typer.Argument(metavar="KEY", help="As `mlp config view` names it.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Its value; '' removes it.")],
) -> None:
    """Write a setting to your configuration file, or remove it with ''. Other lines stay as they are."""
    known = [each.name for each in KEYS]
    if key not in known:
        raise Invalid(f"there is no setting {key!r}{nearest(key, known)}", code="unknown_setting")
    if key == "target" and value not in ("", "local", "kubernetes"):
        raise Invalid(f"{value!r} is not a target: choose local or kubernetes", code="unknown_target")
    session.configuration.write(key, value or None)
    session.screen.step(f"{key} is {'no longer set' if not value else repr(value)} in {session.configuration.path}")
    variable = next(each.variable for each in KEYS if each.name == key)
    if session.environment.get(variable):
        session.screen.warn(f"{variable} is set, and wins over the file")
