"""`mlp image ls`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlp.cli.command import command
from mlp.cli.imaging import Containerd, EngineName, engine_for, stores_for
from mlp.cli.session import Session
from mlp.cli.table import Table
from mlp.cli.text import size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlp.targets.images import Builder, Image
    from mlp.targets.images.nodes import NodeImages


@command
def run(session: Session, *, containerd: Containerd = None, engine: EngineName = None) -> None:
    """List the platform's images: which are built, whether their sources have changed since, which nodes have them.

    Nodes are asked when --context or --containerd names them.

    \b
      mlp image ls
      mlp image ls --context kind-dev
    """
    from mlp.targets.bundle import bundle
    from mlp.targets.images import IMAGES, Builder

    found = engine_for(session, engine)
    named = session.flags.context is not None or containerd is not None
    stores = stores_for(session, found, containerd=containerd) if named else []
    builder = Builder(found, bundle(), session.settings.python_image or "")
    rows = [_row(builder, image, stores) for image in IMAGES]
    session.emit(rows, lambda: _table(rows, nodes=named))


def _row(builder: Builder, image: Image, stores: Sequence[NodeImages]) -> dict[str, Any]:
    from mlp.targets.images.building import has_sources
    from mlp.targets.images.loading import presence

    built = builder.engine.inspect(image.reference())
    state = "not built"
    if built is not None:
        state = "up to date" if has_sources(built, builder.labels(image)) else "older than its sources"
    return {
        "image": image.short,
        "state": state,
        "id": built and built.id,
        "size": built and built.size,
        "nodes": presence(stores, image, built) if built is not None else [],
    }


def _table(rows: list[dict[str, Any]], *, nodes: bool) -> Table:
    headers = ["IMAGE", "STATE", "ID", "SIZE", *(["NODES"] if nodes else [])]
    return Table(headers, [_cells(row, nodes=nodes) for row in rows])


def _cells(row: dict[str, Any], *, nodes: bool) -> list[str]:
    cells = [row["image"], row["state"], row["id"] or "-", "-" if row["size"] is None else size(row["size"])]
    return [*cells, ", ".join(row["nodes"]) or "none"] if nodes else cells
