"""`mlp status`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, NoReturn

import typer

from mlp.cli.command import command
from mlp.cli.overview import deployment_lines, deployment_table, platform_document, platform_table
from mlp.cli.session import Session
from mlp.cli.watching import Shown, show
from mlp.errors import NotFound

_IDLE_SECONDS = 10.0


@command
def run(
    session: Session,
    *,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A deployment; the whole platform if left out.")
    ] = None,
    watch: Annotated[bool, typer.Option("-w", "--watch", help="Show it again whenever it changes.")] = False,
) -> None:
    """Show what runs, and whether it answers.

    With -w and a NAME it ends when the deployment has come to rest: exit code 0 if it answers, else 1 with the reason.
    Without a NAME it goes on until Ctrl-C.
    """
    if watch:
        show(session, _platforms(session) if name is None else _deployments(session, name))
    elif name is None:
        platform = session.target.platform()
        session.emit(platform_document(platform), lambda: platform_table(platform))
    else:
        deployment = session.target.get(name)
        session.emit(deployment, lambda: deployment_table(deployment))


def _platforms(session: Session) -> Iterator[Shown]:
    for platform in session.target.changes(idle=_IDLE_SECONDS):
        yield Shown(
            platform_document(platform),
            platform_table(platform).__str__,
            partial(deployment_lines, platform.deployments),
        )


def _deployments(session: Session, name: str) -> Iterator[Shown]:
    from mlp.targets.ready import has_settled

    deployment = session.target.get(name)
    for platform in session.target.changes(idle=_IDLE_SECONDS):
        deployment = next((each for each in platform.deployments if each["metadata"]["name"] == name), None) or _gone(
            name
        )
        yield Shown(deployment, deployment_table(deployment).__str__, partial(deployment_lines, [deployment]))
        if has_settled(deployment):
            return


def _gone(name: str) -> NoReturn:
    raise NotFound(f"{name} was deleted meanwhile", code="deployment_not_found", details={"name": name})
