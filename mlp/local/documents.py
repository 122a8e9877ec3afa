"""Documents on disk: whole or absent, whatever happens while they are written."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel


def write_document(path: Path, document: BaseModel) -> None:
    """Replace the file `path` by the JSON of `document`; a crash leaves the old one or the new one."""
    temporary = path.with_name(f".{path.name}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(document.model_dump_json(by_alias=True, exclude_none=True))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def remove_document(path: Path) -> None:
    """Remove the file `path` for good; it may be absent."""
    path.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
