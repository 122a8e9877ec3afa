"""What the commands of images share: their options, the engine, and the nodes of the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mlp.cli.session import Session
from mlp.errors import Invalid

if TYPE_CHECKING:
    from mlp.targets.images import Engine
    from mlp.targets.images.nodes import NodeImages

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="api, inference-server, operator; all of them if none.")
]
EngineName = Annotated[
    str | None,
    typer.Option("--engine", metavar="docker|podman", help="Else MLP_CONTAINER_ENGINE, else the one that answers."),
]
Containerd = Annotated[
    str | None,
    typer.Option(
        "--containerd",
        metavar="SOCKET",
        help="containerd of a node that is this machine, else MLP_CONTAINERD_ADDRESS; the cluster is not asked then.",
    ),
]


def engine_for(session: Session, name: str | None) -> Engine:
    """Return the engine that the user means. Raises Invalid (`invalid_option`)."""
    from mlp.targets.images import find_engine
    from mlp.targets.images.engine import ENGINES

    wanted = name or session.settings.container_engine
    if wanted is not None and wanted not in ENGINES:
        raise Invalid(f"{wanted!r} is not an engine: choose {' or '.join(ENGINES)}", code="invalid_option")
    engine = find_engine(wanted)
    session.screen.detail(f"engine: {engine.program}")
    return engine


def stores_for(session: Session, engine: Engine, *, containerd: str | None) -> Sequence[NodeImages]:
    """Return the image stores of the cluster's nodes, having said which cluster that is."""
    from mlp.targets.images.discovery import find_cluster
    from mlp.targets.images.nodes import stores_of, this_node

    address, context = containerd or session.settings.containerd_address, session.flags.context
    if address is not None and context is None:
        session.screen.note(f"target: containerd at {address}")
        return [this_node("this machine", address)]
    cluster = find_cluster(context)
    session.screen.note(f"target: {cluster}")
    return stores_of(cluster, engine, containerd=address)
