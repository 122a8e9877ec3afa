"""The limit: uvicorn reads the body of a POST and gives a fixed reply, on the inherited socket of that number."""

from __future__ import annotations

import asyncio
import socket
import sys

import uvicorn
import uvloop

BODY = b'{"predictions":["setosa"],"model":{"name":"iris","version":1}}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]


async def app(scope, receive, send) -> None:
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


if __name__ == "__main__":
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve([socket.socket(fileno=int(sys.argv[1]))]))
