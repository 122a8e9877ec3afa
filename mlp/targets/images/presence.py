"""Which images this machine has."""

from __future__ import annotations

from collections.abc import Sequence

from mlp.errors import Precondition
from mlp.targets.images.engine import Built, Engine
from mlp.targets.images.names import Image


def require_built(engine: Engine, images: Sequence[Image]) -> dict[str, Built]:
    """Return each image by its name. Raises Precondition (`image_not_built`) naming those that are missing."""
    found = {image.name: engine.inspect(image.reference()) for image in images}
    missing = [image for image in images if found[image.name] is None]
    if missing:
        raise Precondition(
            f"{engine.name} has no image {', '.join(image.short for image in missing)}",
            code="image_not_built",
            details={"names": " ".join(image.name for image in missing)},
        )
    return {name: built for name, built in found.items() if built is not None}
