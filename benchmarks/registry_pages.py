"""Pages of the registry: what 100 versions cost out of a short list and out of a long one, on both databases."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import insert, text

from benchmarks.postgresql import postgresql
from benchmarks.registry_process import registry
from benchmarks.table import Table, spread
from mlp.registry.database import Address, engine_for
from mlp.registry.tables import ModelRow, VersionRow

SIZES = {"short": 1_000, "long": 100_000}
REQUESTS = 60
_CHUNK = 5_000
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_FILTER = "metrics.accuracy >= 0.5 and tags.team = 'risk'"  # true of a quarter, evenly spread


def measure() -> Table:
    """Fill both databases, and ask for pages of both models in turns."""
    rows = []
    for database in ("SQLite", "PostgreSQL"):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlp-bench-")))
            url = f"sqlite+aiosqlite:///{folder / 'registry.db'}"
            if database == "PostgreSQL":
                url = f"postgresql+asyncpg://postgres@/postgres{stack.enter_context(postgresql(folder / 'pg'))}"
            running = stack.enter_context(registry(folder, DATABASE_URL=url))
            http = stack.enter_context(httpx.Client(base_url=running.url, timeout=30))
            asyncio.run(_fill(Address(url)))
            rows += [(database, *row) for row in _pages(http)]
    return Table(
        title="Pages of the registry",
        command="python -m benchmarks registry_pages",
        headers=("database", "100 versions", *(f"out of {size:,}" for size in SIZES.values())),
        rows=rows,
        remarks=f"Median, lowest and highest of {REQUESTS} requests each, asked for in turns over HTTP. The filter is"
        " true of a quarter of the versions.",
    )


def _pages(http: httpx.Client) -> Iterator[tuple[str, ...]]:
    questions: dict[str, dict[str, dict[str, str]]] = {
        "the newest": {name: {} for name in SIZES},
        "from the middle on": {name: {"cursor": str(size // 2)} for name, size in SIZES.items()},
        "that meet a filter": {name: {"filter": _FILTER} for name in SIZES},
    }
    for question, parameters in questions.items():
        times: dict[str, list[float]] = {name: [] for name in SIZES}
        for number in range(REQUESTS + 5):
            for name, query in parameters.items():
                begin = time.perf_counter()
                answer = http.get(f"/models/{name}/versions", params={"limit": "100", **query})
                elapsed = time.perf_counter() - begin
                if len(answer.raise_for_status().json()["items"]) != 100:
                    raise RuntimeError("a page is not whole")
                if number >= 5:  # the first ones warm up
                    times[name].append(elapsed * 1_000)
        yield (question, *(spread(values, "ms", 1) for values in times.values()))


async def _fill(address: Address) -> None:
    engine = engine_for(address)
    async with engine.writers.begin() as connection:
        for number, (name, size) in enumerate(SIZES.items(), start=1):
            words = {"description": "", "tags": {}, "created_at": _NOW, "updated_at": _NOW}
            await connection.execute(insert(ModelRow).values(id=number, name=name, last_version=size, **words))
            for first in range(1, size + 1, _CHUNK):
                last = min(first + _CHUNK, size + 1)
                await connection.execute(insert(VersionRow), [_version(number, each) for each in range(first, last)])
    async with engine.writers.begin() as connection:
        await connection.execute(text("ANALYZE"))
    await engine.close()


def _version(model: int, number: int) -> dict[str, Any]:
    return {
        "model_id": model,
        "number": number,
        "digest": f"{number:064x}",
        "sha256": f"{number:064x}",
        "size": 1_000,
        "task": "classification",
        "signature": "{}",
        "receipt": "x" * 4_000,  # about as long as one with golden rows
        "source": "{}",
        "metrics": {"accuracy": number % 100 / 100, "loss": 0.1},
        "params": {},
        "tags": {"team": "risk" if number % 200 < 100 else "sales"},
        "description": "",
        "created_at": _NOW,
        "created_by": "bench",
    }
