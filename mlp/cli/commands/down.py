"""`mlp down`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.duration import Timeout, seconds_of
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    purge: Annotated[bool, typer.Option("--purge", help="Delete models and deployments too; asks first.")] = False,
    timeout: Timeout = "60s",
) -> None:
    """Stop the platform. Models and deployments are kept: `mlp up` brings them back."""
    target = session.target_to_start()
    session.screen.note(f"target: {target.describe()}")
    if purge:
        session.confirm(f"Delete every model and deployment of {target.describe()}?")
    session.meanwhile = "what was told to end goes on ending: mlp status, or mlp down again"
    with session.screen.working("stopping the platform"):
        target.down(session.screen.step, timeout=seconds_of(timeout), purge=purge, wrong=session.damaged)
