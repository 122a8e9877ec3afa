"""`mlp image build`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.imaging import EngineName, Names, engine_for
from mlp.cli.session import Session
from mlp.cli.text import size


@command
def run(
    session: Session,
    *,
    names: Names = None,
    python_image: Annotated[
        str | None,
        typer.Option(
            "--python-image",
            metavar="NAME",
            help="Base with Python 3.11+; else MLP_PYTHON_IMAGE, else python:3.12-slim.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Build even what is up to date.")] = False,
    engine: EngineName = None,
) -> None:
    """Build the platform's images by docker or podman, those whose sources have changed.

    \b
      mlp image build
      mlp image build api --python-image registry.example.com/python:3.12
    """
    from mlp.targets.bundle import bundle
    from mlp.targets.images import Builder, chosen
    from mlp.targets.images.building import PYTHON_IMAGE

    images = chosen(names or [])
    base = python_image or session.settings.python_image or PYTHON_IMAGE
    builder = Builder(engine_for(session, engine), bundle(), base)
    with session.screen.working("building"):
        built = builder.build(images, session.screen.step, force=force, progress=session.screen.note)
    session.emit(
        [{"image": i.short, "id": built[i.name].id, "size": built[i.name].size} for i in images],
        lambda: "\n".join(f"{i.short}   {built[i.name].id}   {size(built[i.name].size)}" for i in images),
    )
    session.screen.next("image load", "image push --registry HOST/PATH")
