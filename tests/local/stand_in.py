"""Stands in for the registry and for a model server: speaks their contract with the agent, and knows no model.

The version says how it behaves; without one it is the registry, which behaves well.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

FAILS_ITS_GOLDEN_ROWS = 1_000
ENDS_WITHOUT_A_WORD = 1_001
IS_NEVER_READY = 1_002
ENDS_ONCE_READY = 1_003
IGNORES_SIGTERM = 1_004
WAITS_FOR_A_FILE = 1_005


class StandIn:
    def __init__(self, version: int) -> None:
        self.version = version
        self.draining = asyncio.Event()
        self.connections: set[asyncio.Task] = set()
        about = {"model": {"version": version}, "pid": os.getpid(), "environment": dict(os.environ)}
        self.about = json.dumps(about).encode()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(asyncio.current_task())
        try:
            while not reader.at_eof():
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split()[0]))
                last = self.draining.is_set()
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(self.about)}\r\n" + "Connection: close\r\n" * last
                writer.write(head.encode() + b"\r\n" + self.about)
                await writer.drain()
                if last:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        if self.version == IGNORES_SIGTERM:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        else:
            loop.add_signal_handler(signal.SIGTERM, self.draining.set)
        listener = socket.socket(fileno=int(os.environ["MLP_LISTEN_FD"]))
        server = await asyncio.start_server(self.answer, sock=listener)
        with os.fdopen(int(os.environ["MLP_READY_FD"]), "w") as ready:
            ready.write(
                json.dumps({"state": "ready", "version": self.version, "digest": digest_of(self.version)}) + "\n"
            )
        sys.stderr.write(f"version {self.version} is ready\n")
        if self.version == ENDS_ONCE_READY:
            os._exit(9)
        await self.draining.wait()
        server.close()
        await asyncio.sleep(0.05)  # whoever was accepted a moment ago becomes a connection first
        if self.connections:
            await asyncio.wait(self.connections, timeout=float(os.environ.get("MLP_DRAIN_SECONDS", "0")))


def digest_of(version: int) -> str:
    return f"{version:064d}"


def main() -> None:
    version = int(os.environ.get("MLP_MODEL_VERSION", "0"))
    if version == FAILS_ITS_GOLDEN_ROWS:
        said = {"reason": "GoldenRowsFailed", "message": "row 3 answers 'setosa', not 'virginica'"}
        Path(os.environ["MLP_TERMINATION_FILE"]).write_text(json.dumps(said))
        sys.exit(3)
    if version == ENDS_WITHOUT_A_WORD:
        sys.exit(7)
    if version == IS_NEVER_READY:
        time.sleep(600)
    while version == WAITS_FOR_A_FILE and not Path("go").exists():
        time.sleep(0.01)
    asyncio.run(StandIn(version).serve())


if __name__ == "__main__":
    main()
