"""How many files and sockets this process may have open at once."""

from __future__ import annotations

import resource

_OTHERS = 256
"""Descriptors that are no callers' connections: the health port's connections, its own files, a download."""


def connections_within_reach(wanted: int) -> int:
    """Return how many connections can be open at once, at most `wanted`; let this process have as many, if it may.

    A process that runs out of descriptors accepts nobody on any port, so what it cannot have is refused before.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard > wanted + _OTHERS:
        hard = wanted + _OTHERS
    if soft != resource.RLIM_INFINITY and soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        soft = hard
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - _OTHERS))
