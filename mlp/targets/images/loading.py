"""Copying images to nodes, and looking whether they arrived."""

from __future__ import annotations

import errno
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import IO

from mlp.errors import Failed
from mlp.targets.base import Report
from mlp.targets.images.engine import Built, Engine
from mlp.targets.images.identity import digests_of_archive
from mlp.targets.images.names import Image
from mlp.targets.images.nodes import NodeImages
from mlp.targets.images.presence import require_built


def load(
    engine: Engine,
    stores: Sequence[NodeImages],
    images: Sequence[Image],
    report: Report,
    *,
    progress: Report = lambda _: None,
) -> dict[str, Built]:
    """Bring to every node the images that it lacks, or has in another version; return each by its name.

    Raises Precondition (`image_not_built`), Unavailable (`node_unreachable`), Denied (`node_denied`) and Failed
    (`image_load_failed`, `image_no_space`, `image_not_on_node`).
    """
    built = require_built(engine, images)
    lacking = {
        store.node: [image for image in images if not _has(store, image, {built[image.name].id})] for store in stores
    }
    wanted = [image for image in images if any(image in lacks for lacks in lacking.values())]
    if wanted:
        _copy(engine, [store for store in stores if lacking[store.node]], wanted, built, progress)
    for image in images:
        nodes = ", ".join(store.node for store in stores if image in lacking[store.node])
        report(f"{image.short}: {f'loaded into {nodes}' if nodes else 'already there'}")
    return built


def presence(stores: Sequence[NodeImages], image: Image, built: Built) -> list[str]:
    """Return the nodes that have exactly this image."""
    return [store.node for store in stores if _has(store, image, {built.id})]


def _copy(
    engine: Engine,
    stores: Sequence[NodeImages],
    images: Sequence[Image],
    built: Mapping[str, Built],
    progress: Report,
) -> None:
    """Save the images once, so that what they share travels once, and give that to each node."""
    with tempfile.TemporaryDirectory(prefix="mlp-images-") as folder:
        archive = Path(folder) / "images.tar"
        progress(f"reading {', '.join(image.name for image in images)} from {engine.name}")
        with engine.saved(*(image.reference() for image in images)) as stream:
            _write(stream, archive)
        with archive.open("rb") as file:
            known = digests_of_archive(file)
        for store in stores:
            progress(f"copying to {store.node}")
            started = time.monotonic()
            with archive.open("rb") as file:
                store.take(file)
            for image in images:
                if not _has(store, image, {built[image.name].id, *known.get(image.reference(), ())}):
                    raise Failed(
                        f"node {store.node} took {image.short} and does not have this version of it",
                        code="image_not_on_node",
                    )
            progress(f"{store.node} took them in {time.monotonic() - started:.0f}s")


def _write(stream: IO[bytes], archive: Path) -> None:
    try:
        with archive.open("wb") as file:
            shutil.copyfileobj(stream, file, 1 << 20)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise Failed(
            f"no space is left in {tempfile.gettempdir()} for what nodes are given", code="image_no_space"
        ) from error


def _has(store: NodeImages, image: Image, digests: Set[str]) -> bool:
    return not digests.isdisjoint(store.digests(image.reference()))
