"""One agent a folder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mlp.client.home import Home
from mlp.errors import Conflict

_PATIENCE_SECONDS = 0.5  # who asks whether an agent lives holds the lock for a moment


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
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > give_up:
                raise Conflict(f"another agent keeps {home.root}", code="agent_running") from None
            time.sleep(0.02)
