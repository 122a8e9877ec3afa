"""`mlp registry restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.contents import contents_text
from mlp.cli.registry_process import run_registry
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What mlp registry backup wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="What the registry holds goes; asks first.")] = False,
) -> None:
    """Read a backup into an empty registry, on any database and store. All of it, or nothing if a byte is wrong.

    Every digest is verified in the file, and each model's again in the store. A registry on this machine has to be
    stopped (mlp down). Into this machine's platform, or the registry whose settings (MLP_REGISTRY_DATA, DATABASE_URL …)
    the environment holds.
    """
    if replace:
        session.confirm("Replace what the registry holds?")
    with session.screen.working("restoring"):
        contents = run_registry(session, "restore", str(file.absolute()), *(["--replace"] if replace else []))
    session.emit({"file": str(file), **contents}, lambda: "")
    session.screen.step(f"restored {contents_text(contents)}")
