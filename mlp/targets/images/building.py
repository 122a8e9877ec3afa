"""Building what is missing or older than its sources."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mlp import __version__
from mlp.targets.base import Report
from mlp.targets.bundle import Bundle
from mlp.targets.images.build_log import BuildLog
from mlp.targets.images.engine import Built, Engine
from mlp.targets.images.engine_failure import build_failure
from mlp.targets.images.names import Image

PYTHON_IMAGE = "python:3.12-slim"
SOURCE_LABEL, BASE_LABEL = "mlp.source-digest", "mlp.python-image"
_SECONDS_BETWEEN_STEPS = 3.0


def has_sources(built: Built, labels: Mapping[str, str]) -> bool:
    """Whether an image was built of the same sources."""
    return built.labels.get(SOURCE_LABEL) == labels[SOURCE_LABEL]


def is_current(built: Built, labels: Mapping[str, str]) -> bool:
    """Whether an image was built of the same sources on a base of the same name."""
    return has_sources(built, labels) and built.labels.get(BASE_LABEL) == labels[BASE_LABEL]


@dataclass(frozen=True)
class Builder:
    """Builds images by an engine, of a bundle's sources, on a base image with Python."""

    engine: Engine
    bundle: Bundle
    base: str = PYTHON_IMAGE

    def labels(self, image: Image) -> Mapping[str, str]:
        """Return the labels of an image that is built now."""
        return {
            SOURCE_LABEL: self.bundle.source_digest(image.name),
            BASE_LABEL: self.base,
            "org.opencontainers.image.title": image.short.partition(":")[0],
            "org.opencontainers.image.version": __version__,
        }

    def build(
        self, images: Sequence[Image], report: Report, *, force: bool = False, progress: Report = lambda _: None
    ) -> dict[str, Built]:
        """Build those of `images` whose sources have changed, or all with `force`; return each by its name.

        `report` takes a line for each image, `progress` one every few seconds, and the end of the log of a build that
        failed. Raises Failed (`image_build_failed`, `base_image_missing`, `image_no_space`).
        """
        built = {}
        for image in images:
            labels = self.labels(image)
            found = self.engine.inspect(image.reference())
            if found is not None and is_current(found, labels) and not force:
                self.engine.tag(image.reference(), image.reference("latest"))
                report(f"{image.short}: up to date")
            else:
                started = time.monotonic()
                found = self._build(image, labels, progress)
                report(f"{image.short}: built in {time.monotonic() - started:.0f}s")
            built[image.name] = found
        return built

    def _build(self, image: Image, labels: Mapping[str, str], progress: Report) -> Built:
        log, tell = BuildLog(), _sparing(progress)

        def line(text: str) -> None:
            step = log.take(text)
            if step is not None:
                tell(f"{image.name}: {step}")

        done = self.engine.build(
            self.bundle.build_context(image.name),
            tags=[image.reference(), image.reference("latest")],
            labels=labels,
            arguments={"PYTHON_IMAGE": self.base},
            line=line,
        )
        found = self.engine.inspect(image.reference())
        if done and found is not None:
            return found
        for text in log.tail:
            progress(f"  {text}")
        raise build_failure(image.short, self.base, log.tail)


def _sparing(report: Report) -> Callable[[str], None]:
    """Return a report that leaves out what comes too soon after the line before."""
    last = -_SECONDS_BETWEEN_STEPS

    def tell(text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_STEPS:
            last = time.monotonic()
            report(text)

    return tell
