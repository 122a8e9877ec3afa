"""The seam between the registry and where its bytes are."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import BinaryIO, Protocol

from mlp.errors import MlpError, Unavailable

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class ArtifactStore(Protocol):
    """Keeps blobs by their SHA-256. Every method raises Unavailable when the store itself fails.

    Codes: `insufficient_storage` when there is no room, `storage_unavailable` for the rest.
    """

    async def put(self, sha256: str, source: Path) -> None:
        """Keep the file `source`, whose digest is `sha256`; durable on return.

        `source` belongs to the store from here on. A blob that exists is replaced by the same bytes.
        """

    async def open(self, sha256: str) -> BinaryIO:
        """Return the blob as a file at its beginning, after its digest was verified. The caller closes it.

        Raises Failed (`artifact_corrupt`) when the blob is gone or has another digest.
        """

    async def delete(self, sha256: str) -> None:
        """Forget the blob; one that is not there is forgotten already."""

    async def check(self) -> None:
        """Return if a blob could be kept now."""


def storage_failure(error: OSError) -> MlpError:
    """Return what an error of the operating system means to a client; it names no path."""
    if error.errno in _NO_ROOM:
        return Unavailable("the registry has no room left for this model", code="insufficient_storage")
    return Unavailable("the registry's storage does not work", code="storage_unavailable")
