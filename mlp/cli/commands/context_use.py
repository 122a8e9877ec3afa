"""`mlp context use`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.contexts import known_contexts
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A context of the kubeconfig, or 'local'.")],
) -> None:
    """Mean this context where none is named; `local` means this machine again.

    It is written to your configuration file; the kubeconfig stays as it is.
    """
    if name == "local":
        session.configuration.write("context", None)
        session.screen.step("the target is this machine, or what runs, where none is named")
        return
    context = known_contexts().get(name)
    session.configuration.write("context", name)
    session.screen.step(f"{name} is meant where none is named")
    if not context.is_local and name not in session.configuration.allowed_contexts:
        session.screen.note("it is not known to be a cluster of this machine, so every command asks first")
        session.screen.next(f"context allow {name}")
