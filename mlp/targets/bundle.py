"""What installs the platform elsewhere: manifests, Dockerfiles, and the sources that images are built of.

A checkout has them beside `mlp/`; a wheel brings them as `mlp/bundle/`. Both give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlp
from mlp.errors import Precondition

_PROJECT_FILES = ("LICENSE", "README.md", "constraints.txt", "pyproject.toml")
_INSTALLED = "bundle"


@dataclass(frozen=True)
class Bundle:
    """The files of this version of mlp that leave this machine."""

    root: Path
    """The folder of `manifests/`, `images/` and the project's own files."""
    package: Path
    """The folder of the package `mlp`."""

    @property
    def manifests(self) -> Path:
        """The folder of the Kubernetes objects, as `kubectl apply -k` takes it."""
        return self.root / "manifests"

    @property
    def images(self) -> Path:
        """The folder that has one folder with a Dockerfile for each image."""
        return self.root / "images"

    def build_context(self, image: str) -> bytes:
        """Return the tar that `docker build -` takes for an image of `images/`, the Dockerfile at its root.

        The same sources always give the same bytes: members are sorted, and have neither times nor owners.
        """
        members = {name: self.root / name for name in _PROJECT_FILES}
        members["Dockerfile"] = self.images / image / "Dockerfile"
        members.update((f"mlp/{name}", path) for name, path in self._sources())
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            folders = {str(parent) for name in members for parent in Path(name).parents} - {"."}
            for name in sorted({*members, *folders}):
                path = members.get(name)
                _add(archive, name, None if path is None else path.read_bytes())
        return buffer.getvalue()

    def source_digest(self, image: str) -> str:
        """Return `sha256:…` of the image's build context."""
        return f"sha256:{hashlib.sha256(self.build_context(image)).hexdigest()}"

    def _sources(self) -> Iterator[tuple[str, Path]]:
        for path in self.package.rglob("*"):
            name = path.relative_to(self.package)
            if path.is_file() and name.parts[0] != _INSTALLED and "__pycache__" not in name.parts:
                yield name.as_posix(), path


def bundle(package: Path = Path(mlp.__file__).parent) -> Bundle:
    """Find the bundle of an installed or checked-out `mlp`. Raises Precondition (`bundle_missing`)."""
    for root in (package / _INSTALLED, package.parent):
        found = Bundle(root, package)
        if found.manifests.is_dir() and found.images.is_dir() and all((root / f).is_file() for f in _PROJECT_FILES):
            return found
    raise Precondition(f"the mlp in {package} has neither manifests nor images with it", code="bundle_missing")


def _add(archive: tarfile.TarFile, name: str, content: bytes | None) -> None:
    """Add a file, or a folder where there is no content."""
    member = tarfile.TarInfo(name)
    if content is None:
        member.type, member.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(member)
    else:
        member.size, member.mode = len(content), 0o644
        archive.addfile(member, io.BytesIO(content))
