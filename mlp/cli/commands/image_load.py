"""`mlp image load`."""

from __future__ import annotations

from mlp.cli.command import command
from mlp.cli.imaging import Containerd, EngineName, Names, engine_for, stores_for
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    names: Names = None,
    containerd: Containerd = None,
    engine: EngineName = None,
) -> None:
    """Copy images that were built here to every node of a cluster of kind, minikube, k3d, or to this machine's node.

    Nodes that have exactly these images are left alone, and each is asked afterwards whether it has them.

    \b
      mlp image load
      mlp image load --context kind-dev inference-server
    """
    from mlp.targets.images import chosen, load

    images = chosen(names or [])
    found = engine_for(session, engine)
    stores = stores_for(session, found, containerd=containerd)
    with session.screen.working("loading"):
        built = load(found, stores, images, session.screen.step, progress=session.screen.note)
    nodes = [store.node for store in stores]
    session.emit(
        [{"image": i.short, "id": built[i.name].id, "nodes": nodes} for i in images],
        lambda: "\n".join(f"{i.short}   {built[i.name].id}" for i in images),
    )
