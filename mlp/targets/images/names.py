"""Which images there are, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from mlp import __version__
from mlp.errors import Invalid

_HOST = "docker.io"
"""What a name without a host means, to Kubernetes as to docker. Podman wants it said."""

_REGISTRY = re.compile(
    r"(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+|[a-z0-9-]+(?=:))(?::[0-9]{1,5})?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
)


@dataclass(frozen=True)
class Image:
    """An image of the platform."""

    name: str
    """Its folder in `images/`, and the last part of its name."""

    def reference(self, tag: str = __version__, *, registry: str | None = None) -> str:
        """Return its full name, in `registry` (HOST/PATH) if that is given."""
        return f"{registry or _HOST}/ml-platform/{self.name}:{tag}"

    @property
    def short(self) -> str:
        """The name as manifests have it: `ml-platform/api:0.1.0`."""
        return self.reference().removeprefix(f"{_HOST}/")


IMAGES = (Image("api"), Image("inference-server"), Image("operator"))


def chosen(names: Sequence[str]) -> Sequence[Image]:
    """Return the images of these names, or every one. Raises Invalid (`unknown_image`)."""
    known = {image.name: image for image in IMAGES}
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            raise Invalid(f"there is no image {name!r}; {hint}", code="unknown_image")
    return [image for image in IMAGES if not names or image.name in names]


def check_registry(registry: str) -> str:
    """Return HOST/PATH without a slash at its end. Raises Invalid (`invalid_image_registry`)."""
    trimmed = registry.rstrip("/")
    if not _REGISTRY.fullmatch(trimmed):
        raise Invalid(f"{registry!r} is not HOST or HOST/PATH of an image registry", code="invalid_image_registry")
    return trimmed
