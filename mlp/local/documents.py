"""Documents on disk, whole or absent whatever happens while they are written, and sockets that one user may open."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from pydantic import BaseModel


def write_document(path: Path, document: BaseModel, *, durable: bool = True) -> None:
    """Replace the file `path` by the JSON of `document`; a crash leaves the old one or the new one.

    `durable` says whether that holds for a crash of the machine too.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(document.model_dump_json(by_alias=True, exclude_none=True))
        file.flush()
        if durable:
            os.fsync(file.fileno())
    temporary.replace(path)
    if durable:
        _sync_folder(path.parent)


def remove_document(path: Path) -> None:
    """Remove the file `path` for good; it may be absent."""
    path.unlink(missing_ok=True)
    _sync_folder(path.parent)


def guarded_socket(path: Path) -> socket.socket:
    """Return a unix socket that listens at `path`, where only the owner of the folder may connect."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(os.fspath(path))
        listener.listen()
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
