"""`mlp wait`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.duration import Timeout, seconds_of
from mlp.cli.session import Session


class State(StrEnum):
    """What is waited for."""

    READY = "ready"
    DELETED = "deleted"


@command
def run(
    session: Session,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The deployment.")],
    state: Annotated[State, typer.Option("--for", help="What to wait for.")] = State.READY,
    timeout: Timeout = "60s",
) -> None:
    """Wait until a deployment answers with what it asks for, or is gone.

    Ends at once when that cannot come true: exit code 1 and the reason. Exit code 6 when the time is up.
    """
    from mlp.cli.deploying import deployment_line
    from mlp.cli.waiting import wait_deleted, wait_ready

    seconds = seconds_of(timeout)
    if state is State.DELETED:
        wait_deleted(session, name, timeout=seconds)
        session.screen.step(f"{name} is gone")
        return
    ready = wait_ready(session, session.target.get(name), timeout=seconds)
    session.emit(ready, lambda: deployment_line(ready))
