"""`mlp registry backup`."""

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
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
) -> None:
    """Write all of the registry to one file, while it serves: models with their bytes, aliases, tokens, audit log.

    The file is for its owner alone. Of this machine's platform, or of the registry whose settings (MLP_REGISTRY_DATA,
    DATABASE_URL …) the environment holds.
    """
    with session.screen.working("writing the backup"):
        contents = run_registry(session, "backup", str(file.absolute()))
    session.emit({"file": str(file), **contents}, lambda: "")
    session.screen.step(f"{file} holds {contents_text(contents)}")
