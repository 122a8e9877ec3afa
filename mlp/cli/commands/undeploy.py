"""`mlp undeploy`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The deployment.")],
) -> None:
    """Stop serving a model. Its versions stay in the registry."""
    deployment = session.target.get(name)
    session.confirm(f"Stop serving {name} (version {deployment['spec']['modelVersion']})?")
    with session.screen.working(f"ending {name}"):
        session.target.delete(name)
    session.screen.step(f"{name} is no longer served")
