"""A load generator that is faster than what it measures: one request, sent again and again on kept connections.

`python -m benchmarks.load PORT CONNECTIONS SECONDS CPU STATUS` reads the request from stdin, prints what it found as
JSON, and fails when an answer has another status or a connection is lost.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence

import uvloop


class Caller(asyncio.Protocol):
    """One connection: the next request goes out when the answer to the last one is complete."""

    def __init__(self, request: bytes, status: bytes, seconds: list[float]) -> None:
        self.request = request
        self.begins = b"HTTP/1.1 " + status
        self.seconds = seconds
        self.failed = 0
        self.running = True
        self.answer = b""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        self.begin = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.answer += data
        head, found, body = self.answer.partition(b"\r\n\r\n")
        if not found:
            return
        if not is_whole(head, body):
            return
        self.seconds.append(time.perf_counter() - self.begin)
        self.failed += not head.startswith(self.begins)
        self.answer = b""
        if self.running:
            self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        self.failed += self.running


def is_whole(head: bytes, body: bytes) -> bool:
    """Whether an answer is complete: as long as it says, or ended by its last chunk."""
    place = head.find(b"content-length: ")
    if place < 0:
        head = head.lower()
        place = head.find(b"content-length: ")
    if place < 0:
        return b"transfer-encoding: chunked" in head and body.endswith(b"0\r\n\r\n")
    return len(body) >= int(head[place + 16 :].partition(b"\r\n")[0])


async def run(port: int, connections: int, duration: float, status: bytes, request: bytes) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    seconds: list[float] = []
    callers = [Caller(request, status, seconds) for _ in range(connections)]
    begin = time.perf_counter()
    for caller in callers:
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)
    await asyncio.sleep(duration)
    for caller in callers:
        caller.running = False
    return summary(callers, seconds, time.perf_counter() - begin)


def summary(callers: Sequence[Caller], seconds: list[float], elapsed: float) -> dict[str, float]:
    """Return the rate and two quantiles; end the process when an answer was not the expected one."""
    failed = sum(caller.failed for caller in callers)
    if failed:
        sys.exit(f"{failed} answers were not the expected ones")
    if not seconds:
        sys.exit("nothing was answered in that time")
    answered = sorted(seconds)
    return {
        "rate": len(answered) / elapsed,
        "p50_ms": answered[len(answered) // 2] * 1000,
        "p99_ms": answered[len(answered) * 99 // 100] * 1000,
    }


if __name__ == "__main__":
    port, connections, duration, cpu, status = sys.argv[1:]
    os.sched_setaffinity(0, {int(cpu)})
    sent = sys.stdin.buffer.read()
    print(json.dumps(uvloop.run(run(int(port), int(connections), float(duration), status.encode(), sent))))
