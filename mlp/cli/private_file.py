"""A new file for its owner alone."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from mlp.errors import Precondition


@contextmanager
def private_file(path: Path) -> Iterator[TextIO]:
    """Open a new file for a secret; as `private_bytes`, but for ASCII."""
    with private_bytes(path, "a secret") as file, io.TextIOWrapper(file, encoding="ascii") as text:
        yield text


@contextmanager
def private_bytes(path: Path, what: str) -> Iterator[BinaryIO]:
    """Open a new file for its owner alone, for `what` in words; it goes again when the block fails.

    Raises Precondition (`file_exists`, `file_unwritable`).
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Precondition(f"{path} exists; {what} is written to a new file only", code="file_exists") from error
    except OSError as error:
        raise Precondition(f"{path} cannot be written: {error.strerror}", code="file_unwritable") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise
