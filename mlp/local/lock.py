"""One agent a folder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mlp.client.home import Home
from mlp.errors import Conflict

_PATIENCE_SECONDS = 0.5
_LOOK_SECONDS = 0.005


@contextmanager
def sole_agent(home: Home) -> Iterator[None]:
    """Hold the folder's lock; the kernel drops it when the process ends, however that happens.

    Raises Conflict (`agent_running`) where another agent holds it.
    """
    descriptor = os.open(home.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(descriptor, home)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, home: Home) -> None:
    """Take the lock for itself; who only asks whether an agent lives shares it for a moment, an agent never does."""
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while not _try(descriptor, fcntl.LOCK_EX):
        if not _try(descriptor, fcntl.LOCK_SH) or time.monotonic() > give_up:
            raise Conflict(f"another agent keeps {home.root}", code="agent_running")
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        time.sleep(_LOOK_SECONDS)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
