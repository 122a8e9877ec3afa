"""Bringing the platform's images to a cluster before its objects are applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlp.cli.imaging import engine_for, stores_for
from mlp.errors import Precondition

if TYPE_CHECKING:
    from mlp.cli.session import Session
    from mlp.targets.kubernetes.target import KubernetesTarget

_PULLS = "unknown_cluster_kind"
"""The code of clusters whose nodes take images from registries alone."""
_NO_ENGINE = ("no_engine", "engine_not_running")


def bring_images(session: Session, target: KubernetesTarget) -> None:
    """Build the images whose sources have changed, and copy to the nodes those that they lack.

    Nothing is done for nodes that pull images by themselves, nor, where no docker or podman answers, for nodes that
    have images of this version. Raises as `mlp image build` and `mlp image load` do.
    """
    from mlp.targets.bundle import bundle
    from mlp.targets.images import IMAGES, Builder, load
    from mlp.targets.images.building import PYTHON_IMAGE

    try:
        engine = engine_for(session, None)
        stores = stores_for(session, engine, containerd=None)
    except Precondition as error:
        if error.code == _PULLS or (error.code in _NO_ENGINE and not target.installation.images_lacking()):
            session.screen.detail(error.message)
            return
        raise
    builder = Builder(engine, bundle(), session.settings.python_image or PYTHON_IMAGE)
    with session.screen.working("building images"):
        builder.build(IMAGES, session.screen.detail, progress=session.screen.note)
    with session.screen.working("copying images to the nodes"):
        load(engine, stores, IMAGES, session.screen.detail, progress=session.screen.note)
    session.screen.step(f"images: {', '.join(image.short for image in IMAGES)}")
