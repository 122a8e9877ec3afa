"""A load of given requests: each connection sends its own, one after the other, and ends after the last.

`python -m benchmarks.turns PORT CPU` reads a JSON list of a list of requests for each connection from stdin, prints
what it found as JSON, and fails when an answer is not a 2xx or a connection is lost.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

import uvloop

from benchmarks.load import Caller, summary


class Turns(Caller):
    """One connection and its requests."""

    def __init__(self, requests: list[bytes], seconds: list[float], done: asyncio.Event) -> None:
        super().__init__(b"", b"2", seconds)
        self._left = iter(requests)
        self._done = done

    def send(self) -> None:
        request = next(self._left, None)
        if request is None:
            self.running = False
            self._done.set()
            return
        self.request = request
        super().send()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._done.set()


async def run(port: int, requests: list[list[str]]) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    seconds: list[float] = []
    events = [asyncio.Event() for _ in requests]
    callers = [
        Turns([each.encode() for each in own], seconds, done) for own, done in zip(requests, events, strict=True)
    ]
    begin = time.perf_counter()
    for caller in callers:
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)
    await asyncio.gather(*(event.wait() for event in events))
    return summary(callers, seconds, time.perf_counter() - begin)


if __name__ == "__main__":
    port, cpu = map(int, sys.argv[1:])
    os.sched_setaffinity(0, {cpu})
    print(json.dumps(uvloop.run(run(port, json.load(sys.stdin)))))
