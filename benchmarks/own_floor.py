"""The same fixed reply as `post_floor`, by the model server's own HTTP, on the inherited socket of that number."""

from __future__ import annotations

import asyncio
import socket
import sys

import uvloop

from benchmarks.post_floor import BODY
from mlp.errors import MlpError
from mlp.inference.http1 import HttpServer, Limits, Reply, Request, Traffic


class FixedReply:
    """Answers whatever is asked, once its body is there."""

    def answer(self, request: Request, *, is_full: bool = False) -> Reply:
        return Reply(BODY)

    def refuse(self, error: MlpError, path: str | None) -> Reply:
        return Reply(b"{}", 400)


async def serve(listener: socket.socket) -> None:
    await HttpServer(FixedReply(), Limits(), Traffic()).listen(listener)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(socket.socket(fileno=int(sys.argv[1]))))
