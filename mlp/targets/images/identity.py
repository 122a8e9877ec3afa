"""By which digests an image is known: of its configuration, its manifest, its index.

Engines differ in which of them they call the image's ID, so images are the same when they share one.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Set
from typing import IO, Any


def listed_digest(listing: str, reference: str) -> str | None:
    """Return the digest beside `reference` in what `ctr images ls` prints, or None."""
    for line in listing.splitlines():
        words = line.split()
        if words and words[0] == reference:
            return next((word for word in words if word.startswith("sha256:")), None)
    return None


def digests_within(document: Mapping[str, Any]) -> Set[str]:
    """Return the digests that a manifest or an index names: of its configuration, or of its manifests."""
    parts = [document.get("config") or {}, *(document.get("manifests") or [])]
    return {part["digest"] for part in parts if "digest" in part}


def digests_of_archive(file: IO[bytes]) -> dict[str, Set[str]]:
    """Return the digests of each image in the tar that `docker save` or `podman save` writes, by its full name."""
    found: dict[str, Set[str]] = {}
    with tarfile.open(fileobj=file) as archive:
        names = set(archive.getnames())
        if "manifest.json" in names:
            for image in _json(archive, "manifest.json"):
                digest = image["Config"].removesuffix(".json").rpartition("/")[2]
                for tag in image["RepoTags"] or ():
                    found[full_name(tag)] = {f"sha256:{digest}"}
        if "index.json" in names:
            for manifest in _json(archive, "index.json")["manifests"]:
                tag = (manifest.get("annotations") or {}).get("io.containerd.image.name")
                if tag is not None:
                    found[full_name(tag)] = found.get(full_name(tag), set()) | {manifest["digest"]}
    return found


def full_name(reference: str) -> str:
    """Return a reference with its host: `ml-platform/api:1` is `docker.io/ml-platform/api:1`."""
    host, slash, rest = reference.partition("/")
    if not slash:
        return f"docker.io/library/{reference}"
    return reference if "." in host or ":" in host or host == "localhost" else f"docker.io/{host}/{rest}"


def _json(archive: tarfile.TarFile, name: str) -> Any:
    with archive.extractfile(name) or io.BytesIO(b"null") as member:
        return json.load(member)
