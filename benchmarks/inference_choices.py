"""What the model server is built of, beside what it could have been built of: its HTTP server and its JSON decoder.

orjson takes part where it is installed, as `benchmarks/inference_choices.txt` pins it.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import msgspec
import numpy as np

from benchmarks.inference import IRIS, ROUNDS, ROW, floor, load, post
from benchmarks.table import Table, spread
from mlp.api.signature import DType, Feature, Layout, Outputs, Signature, Task
from mlp.inference.predict.rows import FLOAT32_MAX, row_type

SECONDS = 0.5


def measure_http() -> Table:
    """The same fixed reply once the body is there, by uvicorn and by the server's own HTTP, in turns."""
    found: dict[str, list[dict[str, float]]] = {}
    modules = {"uvicorn, httptools and uvloop": "benchmarks.post_floor", "its own (chosen)": "benchmarks.own_floor"}
    for _ in range(ROUNDS):
        for name, module in modules.items():
            with floor(module) as port:
                found.setdefault(name, []).append(load(port, post({"features": [ROW]})))
    return Table(
        title="Which HTTP server",
        command="python -m benchmarks inference_choices",
        remarks="A fixed reply, 32 connections; the server on one CPU. Only the chosen one has deadlines and caps.",
        headers=("HTTP server", f"requests a second, median of {ROUNDS}", "p50", "p99"),
        rows=[
            (
                name,
                spread([each["rate"] for each in results], "/s"),
                spread([each["p50_ms"] for each in results], "ms", 2),
                spread([each["p99_ms"] for each in results], "ms", 2),
            )
            for name, results in found.items()
        ],
    )


def measure_codec() -> Table:
    """From a body to rows of checked numbers: all of them find a string, a boolean and a wrong width."""
    rates: dict[tuple[str, str], list[float]] = {}
    bodies = {
        "one row": ([ROW], IRIS),
        "1,000 rows of 30": (
            np.random.default_rng(1).normal(size=(1_000, 30)).round(4).tolist(),
            tuple(f"f{number}" for number in range(30)),
        ),
    }
    for _ in range(ROUNDS):
        for size, (rows, names) in bodies.items():
            body = json.dumps({"features": rows}).encode()
            for name, decode in _decoders(names).items():
                rates.setdefault((name, size), []).append(_rate(decode, body))
    return Table(
        title="Which JSON decoder",
        command="python -m benchmarks inference_choices",
        remarks="In one thread, without a server.",
        headers=("decoder", "body", f"bodies a second, median of {ROUNDS}", "of the chosen one"),
        rows=[
            (
                name,
                size,
                spread(each, "/s"),
                f"{statistics.median(each) / statistics.median(rates[CHOSEN, size]):.2f}",
            )
            for (name, size), each in rates.items()
        ],
    )


CHOSEN = "msgspec, into typed rows (chosen)"


def _decoders(names: tuple[str, ...]) -> dict[str, Callable[[bytes], object]]:
    features = [Feature(name=name, dtype=DType.FLOAT32, tensor="X") for name in names]
    outputs = Outputs(task=Task.REGRESSION, prediction="y")
    row = row_type(Signature(inputs=features, layout=Layout.MATRIX, outputs=outputs))
    typed = msgspec.json.Decoder(msgspec.defstruct("Body", [("features", list.__class_getitem__(row))])).decode

    def checked(parse: Callable[[bytes], Any]) -> Callable[[bytes], object]:
        def decode(body: bytes) -> object:
            return [_checked(each, len(names)) for each in parse(body)["features"]]

        return decode

    found = {
        CHOSEN: typed,
        "msgspec, checked afterwards": checked(msgspec.json.decode),
        "json, checked afterwards": checked(json.loads),
    }
    if find_spec("orjson"):
        import orjson

        found["orjson, checked afterwards"] = checked(orjson.loads)
    return found


def _checked(row: list[Any], width: int) -> list[Any]:
    if len(row) != width:
        raise ValueError
    for cell in row:
        if type(cell) not in (float, int) or not -FLOAT32_MAX <= cell <= FLOAT32_MAX:
            raise ValueError
    return row


def _rate(decode: Callable[[bytes], object], body: bytes) -> float:
    begin, count = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - begin) < SECONDS:
        decode(body)
        count += 1
    return count / elapsed
