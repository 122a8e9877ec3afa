"""Pushing images to a registry that nodes pull from."""

from __future__ import annotations

from collections.abc import Sequence

from mlp import __version__
from mlp.targets.base import Report
from mlp.targets.images.engine import Built, Engine
from mlp.targets.images.names import Image, check_registry
from mlp.targets.images.presence import require_built


def push(engine: Engine, images: Sequence[Image], registry: str, report: Report) -> dict[str, str]:
    """Push each image by its version and as `latest`; return the references with the version, by the images' names.

    `registry` is HOST or HOST/PATH. Raises Invalid (`invalid_image_registry`), Precondition (`image_not_built`), Denied
    (`image_push_denied`), Unavailable (`image_registry_unreachable`) and Failed (`image_push_failed`).
    """
    host = check_registry(registry)
    found: dict[str, Built] = require_built(engine, images)
    pushed = {}
    for image in images:
        for tag in ("latest", __version__):
            engine.tag(image.reference(), image.reference(tag, registry=host))
            engine.push(image.reference(tag, registry=host))
        pushed[image.name] = image.reference(registry=host)
        report(f"{pushed[image.name]}: pushed ({found[image.name].id[:19]})")
    return pushed
