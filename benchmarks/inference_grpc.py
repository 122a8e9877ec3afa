"""What the gRPC port costs a server that opens it: its start, its memory; and how many calls it answers."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time

import numpy as np
import psutil

from benchmarks.inference import CONNECTIONS, LOAD_CPU, MIB, ROW, SERVER_CPU, iris_in_cache, served
from benchmarks.table import Table, spread

STARTS = 7
SECONDS = 3.0


def measure() -> Table:
    """Start servers with and without the port, in turns; ask those with it one iris row a call."""
    without, with_port = "without", "with --grpc-port"
    times: dict[str, list[float]] = {without: [], with_port: []}
    resident: dict[str, list[float]] = {without: [], with_port: []}
    loads = []
    with iris_in_cache() as settings:
        for _ in range(STARTS):
            for name, more in ((without, {}), (with_port, {"MLP_GRPC_PORT": "0"})):
                with served({**settings, **more}, cpu=None) as (_, pid, seconds):
                    times[name].append(seconds * 1_000)
                    resident[name].append(psutil.Process(pid).memory_info().rss / MIB)
        for _ in range(3):
            port = _free_port()
            with served({**settings, "MLP_GRPC_PORT": str(port)}, cpu=SERVER_CPU):
                loads.append(_load(port))
    ratio = statistics.median(times[with_port]) / statistics.median(times[without])
    return Table(
        title="The gRPC port",
        command="python -m benchmarks inference_grpc",
        remarks=f"Start to ready from a warm cache, resident memory then. Calls: one iris row, raw, {CONNECTIONS} at "
        "once on one connection; the server on one CPU, the client, in Python too, on another.",
        headers=("server", f"start, median of {STARTS}", "resident", "calls a second, median of 3", "p50", "p99"),
        rows=[
            (without, spread(times[without], "ms"), spread(resident[without], "MiB"), "", "", ""),
            (
                f"{with_port}, {ratio:.2f} of the start",
                spread(times[with_port], "ms"),
                spread(resident[with_port], "MiB"),
                spread([each["rate"] for each in loads], "/s"),
                spread([each["p50_ms"] for each in loads], "ms", 1),
                spread([each["p99_ms"] for each in loads], "ms", 1),
            ),
        ],
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _load(port: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.inference_grpc", str(port)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


async def _calls(port: int) -> dict[str, float]:
    from grpc import aio

    from mlp.inference.rpc.messages import schema

    protocol = schema()
    message = protocol.methods["ModelInfer"].request(model_name="iris")
    message.inputs.add(name="X", datatype="FP32", shape=[1, 4])
    message.raw_input_contents.append(np.array(ROW, dtype="<f4").tobytes())
    body, seconds, begin = message.SerializeToString(), [], time.perf_counter()
    async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        infer = channel.unary_unary(f"/{protocol.service}/ModelInfer")

        async def caller() -> None:
            while (now := time.perf_counter()) - begin < SECONDS:
                await infer(body)
                seconds.append(time.perf_counter() - now)

        await asyncio.gather(*(caller() for _ in range(CONNECTIONS)))
    answered = sorted(seconds)
    return {
        "rate": len(answered) / (time.perf_counter() - begin),
        "p50_ms": answered[len(answered) // 2] * 1_000,
        "p99_ms": answered[len(answered) * 99 // 100] * 1_000,
    }


if __name__ == "__main__":
    os.sched_setaffinity(0, {LOAD_CPU})
    print(json.dumps(asyncio.run(_calls(int(sys.argv[1])))))
