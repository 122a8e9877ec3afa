"""`mlp image push`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.imaging import EngineName, Names, engine_for
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    names: Names = None,
    registry: Annotated[
        str, typer.Option("--registry", metavar="HOST/PATH", help="Where to: the image's name is added to it.")
    ],
    engine: EngineName = None,
) -> None:
    """Push images that were built here to a registry, tagged with the version and as latest.

    Log in before, with docker login or podman login.

    \b
      mlp image push --registry ghcr.io/you/mlp
    """
    from mlp.targets.images import chosen, push
    from mlp.targets.images.names import check_registry

    images, host = chosen(names or []), check_registry(registry)
    found = engine_for(session, engine)
    session.screen.note(f"target: {host}")
    with session.screen.working("pushing"):
        pushed = push(found, images, host, session.screen.step)
    session.emit(
        [{"image": image.short, "reference": pushed[image.name]} for image in images],
        lambda: "\n".join(pushed.values()),
    )
