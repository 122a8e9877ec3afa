"""`mlp context allow`."""

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
    name: Annotated[str, typer.Argument(metavar="NAME", help="A context of the kubeconfig.")],
    remove: Annotated[bool, typer.Option("--remove", help="Ask again from now on.")] = False,
) -> None:
    """Let a context be used without being named or asked about, though its cluster may be anywhere."""
    allowed = [each for each in session.configuration.allowed_contexts if each != name]
    if not remove:
        known_contexts().get(name)
        allowed.append(name)
    session.configuration.write("allowed_contexts", allowed or None)
    session.screen.step(f"{name} {'has to be named again' if remove else 'need not be named'}")
