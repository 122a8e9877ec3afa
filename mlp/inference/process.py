"""What Prometheus shows of any process, under the names that its clients have agreed on.

https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
"""

from __future__ import annotations

import os
import resource
from collections.abc import Sequence
from pathlib import Path

_Figure = tuple[str, str, str, float]
"""Name, kind, meaning, value."""
_PROC = Path("/proc/self")


class Process:
    """The process that this is read in."""

    def __init__(self) -> None:
        self._page_bytes = resource.getpagesize()
        self._started = _start_time()

    def figures(self) -> Sequence[_Figure]:
        """Return its figures as they are now; those that come from `/proc` are left out where there is none."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return [
            ("process_cpu_seconds_total", "counter", "Time on the processor.", usage.ru_utime + usage.ru_stime),
            ("process_max_fds", "gauge", "File descriptors that may be open.", descriptors),
            *self._from_proc(),
        ]

    def _from_proc(self) -> Sequence[_Figure]:
        try:
            with (_PROC / "statm").open("rb", buffering=0) as file:
                virtual, resident, *_ = (int(pages) * self._page_bytes for pages in file.read(256).split())
            descriptors = _open_descriptors()
        except OSError:
            return []
        return [
            ("process_open_fds", "gauge", "File descriptors that are open.", descriptors),
            ("process_virtual_memory_bytes", "gauge", "Address space in use.", virtual),
            ("process_resident_memory_bytes", "gauge", "Memory in use.", resident),
            ("process_start_time_seconds", "gauge", "When it began, since 1970.", self._started),
        ]


def _open_descriptors() -> int:
    # Linux tells how many there are since 6.2; before that the size is 0 and they have to be listed.
    return (_PROC / "fd").stat().st_size or sum(1 for _ in (_PROC / "fd").iterdir())


def _start_time() -> float:
    """Return when this process began, in seconds since 1970; 0 where it cannot be known."""
    try:
        # The name, in parentheses, may hold blanks; the 22nd field counts the ticks since the machine started.
        ticks = int((_PROC / "stat").read_bytes().rpartition(b")")[2].split()[19])
        lines = Path("/proc/stat").read_bytes().splitlines()
        booted = next(int(line.split()[1]) for line in lines if line.startswith(b"btime "))
    except OSError:
        return 0.0
    return booted + ticks / os.sysconf("SC_CLK_TCK")
