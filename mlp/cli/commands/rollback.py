"""`mlp rollback`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.duration import Timeout, seconds_of
from mlp.cli.session import Session
from mlp.errors import MlpError, NotFound, Precondition


@command
def run(
    session: Session,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The deployment.")],
    to: Annotated[
        int | None, typer.Option("--to", metavar="N", help="This revision of `mlp history`; else the last good one.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it answers.")] = True,
    timeout: Timeout = "60s",
) -> None:
    """Go back to the last revision that answered, or to the one that is named.

    All of its spec comes back, where the place still knows it, as a new revision. What serves now goes on answering
    until the other has proved itself.
    """
    from mlp.cli.deploying import deploy, deployment_line
    from mlp.cli.deployments import deployment_of
    from mlp.cli.revisions import outcome_of, restored_spec, revision_to_restore

    seconds = seconds_of(timeout)
    present = deployment_of(session.target.get(name))
    lost: list[MlpError] = []
    revisions = session.target.history(name, lost.append)
    try:
        revision = revision_to_restore(revisions, present, to)
    except (NotFound, Precondition) as error:
        if not lost:
            raise
        raise lost[0] from error
    number = revision["number"]
    session.screen.note(f"target: {session.target.describe()}")
    session.screen.note(f"{name}: back to revision {number}, {revision['model']}:{revision['version']}")
    if outcome_of(revision) == "unknown":
        session.screen.note(f"whether revision {number} ever answered is not known here")
    restored = present.model_copy(update={"spec": restored_spec(revision, present)})
    cause = f"mlp rollback {name} --to {number}"
    deployed = deploy(session, restored, cause=cause, wait=wait, timeout=seconds, registered=True)
    session.emit(deployed, lambda: deployment_line(deployed))
    session.screen.next(f"history {name}")
