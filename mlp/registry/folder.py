"""The registry's data folder: what lies where, and that only one registry uses it."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from mlp.errors import Precondition


@dataclass(frozen=True)
class DataFolder:
    """The folder `root`, absolute. Folders in it are for their owner alone, and so are the files."""

    root: Path

    @property
    def blobs(self) -> Path:
        """Every artifact, named by its digest."""
        return self.root / "blobs"

    @property
    def incoming(self) -> Path:
        """Uploads that are not yet artifacts; on the same file system as `blobs`, so that a rename moves them."""
        return self.root / "incoming"

    def create(self) -> None:
        """Create the folders that are missing. Raises Precondition (`data_unusable`) when that is not possible."""
        try:
            for folder in (self.root, self.blobs, self.incoming):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Precondition(f"{self.root} cannot be used: {error.strerror}", code="data_unusable") from error

    def lock(self) -> int:
        """Take the folder for this process, until it ends; return the descriptor that holds the lock.

        Raises Precondition (`data_in_use`) while another registry has it.
        """
        descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise Precondition(f"another registry uses {self.root}", code="data_in_use") from error
        return descriptor
