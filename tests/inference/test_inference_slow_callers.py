"""Callers that are slow on purpose: each kind is cut off in time, and meanwhile others are served as ever.

The server here is the one of `http1` with deadlines of a fraction of a second, so that a test need not wait for ten.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from contextlib import asynccontextmanager, suppress

import pytest

from mlp.errors import MlpError
from mlp.inference.handlers import error_reply
from mlp.inference.http1 import HttpServer, Limits, Reply, Request, Traffic

IMPATIENT = Limits(head_seconds=0.3, body_seconds=0.3, idle_seconds=0.3)
CROWDED = Limits(head_seconds=2.0, body_seconds=2.0, idle_seconds=2.0, connections=1_200)
DRIP_SECONDS = 0.05
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
KINDS = {
    "silent": (b"", b"", b""),
    "stalled within its head": (HEAD, b"", b" 408 "),
    "dripping its head": (HEAD, b"a", b" 408 "),
    "stalled within its body": (HEAD + b"Content-Length: 9999\r\n\r\n{", b"", b" 408 "),
    "dripping its body": (HEAD + b"Content-Length: 9999\r\n\r\n{", b" ", b" 408 "),
    "dripping chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", b" 408 "),
    "idle after an answer": (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"", b" 200 "),
}


class Echo:
    """Answers everything with its path."""

    def answer(self, request: Request, *, is_full: bool = False) -> Reply:
        return Reply(request.path.encode())

    def refuse(self, error: MlpError, path: str | None) -> Reply:
        return error_reply(error, b"id")


@asynccontextmanager
async def serving(limits: Limits):
    listener = socket.create_server(("127.0.0.1", 0))
    http = HttpServer(Echo(), limits, Traffic())
    await http.listen(listener)
    try:
        yield http, listener.getsockname()[1]
    finally:
        await http.finish(5)


async def cut_off(port: int, begin: bytes, drop: bytes) -> bytes:
    """Be slow until the server has had enough; return what it said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(begin)
    said = asyncio.ensure_future(reader.read())
    while not said.done():
        if drop:
            writer.write(drop)
        await asyncio.wait([said], timeout=DRIP_SECONDS)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return b"" if said.exception() else said.result()


async def asked(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /good HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    said = await reader.read()
    writer.close()
    await writer.wait_closed()
    return said


@pytest.mark.parametrize("kind", KINDS)
def test_a_slow_caller_is_cut_off_in_time(kind):
    begin, drop, answer = KINDS[kind]

    async def run():
        async with serving(IMPATIENT) as (http, port):
            said = await asyncio.wait_for(cut_off(port, begin, drop), 20)
            return said, http.traffic.buffered

    said, buffered = asyncio.run(run())
    assert answer in said[:20]
    assert buffered == 0


def test_others_are_served_while_two_hundred_are_slow():
    async def run():
        async with serving(CROWDED) as (http, port):
            kinds = list(KINDS.values())
            slow = [asyncio.ensure_future(cut_off(port, *kinds[n % len(kinds)][:2])) for n in range(200)]
            answers = [await asyncio.wait_for(asked(port), 20) for _ in range(100)]
            await asyncio.wait_for(asyncio.gather(*slow), 30)
            return answers, http.traffic.connections

    answers, left = asyncio.run(run())
    assert {answer.rpartition(b"\r\n\r\n")[2] for answer in answers} == {b"/good"}
    assert left == 0


def test_a_thousand_idle_connections_keep_nobody_out():
    async def run():
        async with serving(CROWDED) as (http, port):
            idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(1_000)]
            said = await asyncio.wait_for(asked(port), 20)
            await asyncio.wait_for(asyncio.gather(*(reader.read() for reader, _ in idle)), 30)
            for _, writer in idle:
                writer.close()
            return said, http.traffic.connections

    said, left = asyncio.run(run())
    assert said.endswith(b"/good")
    assert left == 0


def test_so_many_connections_are_taken_as_there_are_descriptors():
    """Those of the other port and the process's own files are left; the soft limit is raised as far as it may be."""
    script = (
        "import resource\n"
        "from mlp.inference.descriptors import connections_within_reach as reach\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (512, 1024))\n"
        "print(reach(100), reach(4096), *resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.split() == ["100", "768", "1024", "1024"]
