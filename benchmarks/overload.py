"""A load that does not wait for answers: so many requests a second, whatever becomes of them.

`python -m benchmarks.overload PORT RATE SECONDS CPU` reads the request from stdin and prints what it found as JSON:
answers and refusals (503) a second in that time, how long 99 of 100 of each took, and how many requests were not
answered even 10 seconds later.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections import deque

import uvloop

from benchmarks.load import Caller

CONNECTIONS = 1_000
LATEST_SECONDS = 10.0
TICK_SECONDS = 0.002


class Sender(Caller):
    """One connection: idle until it is given a request; sorts its answers by their status."""

    def __init__(self, request: bytes, idle: deque[Sender], found: dict[bytes, list[float]]) -> None:
        super().__init__(request, b"", [])
        self._idle = idle
        self._found = found

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self._idle.append(self)
        self.running = False  # the next request comes when it is due

    def data_received(self, data: bytes) -> None:
        status = (self.answer + data)[9:12]
        super().data_received(data)
        if self.seconds:
            self._found.setdefault(status, []).append(self.seconds.pop())
            self._idle.append(self)


async def run(port: int, rate: float, duration: float, request: bytes) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    idle: deque[Sender] = deque()
    found: dict[bytes, list[float]] = {}
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: Sender(request, idle, found), "127.0.0.1", port)
    begin, sent, unsent = time.perf_counter(), 0, 0
    while (elapsed := time.perf_counter() - begin) < duration:
        for _ in range(int(elapsed * rate) - sent - unsent):
            if idle:
                idle.popleft().send()
                sent += 1
            else:
                unsent += 1
        await asyncio.sleep(TICK_SECONDS)
    counts = {status: len(each) for status, each in found.items()}
    for _ in range(int(LATEST_SECONDS / TICK_SECONDS)):
        if len(idle) == CONNECTIONS:
            break
        await asyncio.sleep(TICK_SECONDS)
    ok, refused = sorted(found.get(b"200", [])), sorted(found.get(b"503", []))
    return {
        "sent": sent / duration,
        "answered": counts.get(b"200", 0) / duration,
        "refused": counts.get(b"503", 0) / duration,
        "others": sum(len(each) for status, each in found.items() if status not in (b"200", b"503")),
        "lost": sent - sum(map(len, found.values())),
        "answered_p99_ms": of_99_in_100(ok),
        "refused_p99_ms": of_99_in_100(refused),
    }


def of_99_in_100(seconds: list[float]) -> float:
    """Return the milliseconds within which 99 of 100 were; 0 where there are none."""
    return seconds[len(seconds) * 99 // 100] * 1000 if seconds else 0.0


if __name__ == "__main__":
    port, rate, duration, cpu = sys.argv[1:]
    os.sched_setaffinity(0, {int(cpu)})
    body = sys.stdin.buffer.read()
    print(json.dumps(uvloop.run(run(int(port), float(rate), float(duration), body))))
