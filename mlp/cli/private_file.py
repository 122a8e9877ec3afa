"""A new file for its owner alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from mlp.errors import Precondition


@contextmanager
def private_file(path: Path) -> Iterator[TextIO]:
    """Open a new file for its owner alone; it goes again when the block fails.

    Raises Precondition (`file_exists`, `file_unwritable`).
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Precondition(f"{path} exists; a secret is written to a new file only", code="file_exists") from error
    except OSError as error:
        raise Precondition(f"{path} cannot be written: {error.strerror}", code="file_unwritable") from error
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise
