"""A store that counts what it is asked for, how long that takes, and how it fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram

from mlp.errors import MlpError
from mlp.registry.store.base import ArtifactStore, Blob, Reader

_BUCKETS = (0.005, 0.025, 0.1, 0.5, 2.5, 10, 60)


class StoreMetrics:
    """What Prometheus learns of a store."""

    def __init__(self, collectors: CollectorRegistry) -> None:
        self.received = Counter("mlp_registry_store_put_bytes", "Bytes of blobs that were kept.", registry=collectors)
        self.sent = Counter("mlp_registry_store_read_bytes", "Bytes of blobs that were read.", registry=collectors)
        self.seconds = Histogram(
            "mlp_registry_store_seconds",
            "Time that the store took; for `open`, until the blob was verified.",
            ["operation"],
            buckets=_BUCKETS,
            registry=collectors,
        )
        self.failures = Counter(
            "mlp_registry_store_failures",
            "Failures of the store by the code that clients get.",
            ["operation", "code"],
            registry=collectors,
        )

    @contextmanager
    def timed(self, operation: str) -> Iterator[None]:
        """Measure the block, and count how it fails."""
        began = time.perf_counter()
        try:
            yield
        except MlpError as error:
            self.failures.labels(operation, error.code).inc()
            raise
        finally:
            self.seconds.labels(operation).observe(time.perf_counter() - began)


class MeasuredStore:
    """Hands over to `store`, and counts."""

    def __init__(self, store: ArtifactStore, metrics: StoreMetrics) -> None:
        self._store = store
        self._metrics = metrics

    async def prepare(self) -> None:
        """Make what the store needs."""
        await self._store.prepare()

    async def put(self, sha256: str, source: Path) -> None:
        """Keep a file."""
        size = await asyncio.to_thread(_size, source)
        with self._metrics.timed("put"):
            await self._store.put(sha256, source)
        self._metrics.received.inc(size)

    async def open(self, sha256: str, start: int = 0, length: int | None = None) -> Reader:
        """Return a blob or a part of it."""
        with self._metrics.timed("open"):
            reader = await self._store.open(sha256, start, length)
        return _CountedReader(reader, self._metrics)

    async def link(self, sha256: str) -> str | None:
        """Return a URL of the blob."""
        with self._metrics.timed("link"):
            return await self._store.link(sha256)

    async def delete(self, sha256: str) -> None:
        """Forget a blob."""
        with self._metrics.timed("delete"):
            await self._store.delete(sha256)

    def blobs(self) -> AsyncIterator[Blob]:
        """Yield every blob."""
        return self._store.blobs()

    async def check(self) -> None:
        """Return if a blob could be kept now."""
        with self._metrics.timed("check"):
            await self._store.check()


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


class _CountedReader:
    """Counts the bytes that a reader gives, and how it breaks off."""

    def __init__(self, reader: Reader, metrics: StoreMetrics) -> None:
        self._reader = reader
        self._metrics = metrics

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._reader:
                self._metrics.sent.inc(len(piece))
                yield piece
        except MlpError as error:
            self._metrics.failures.labels("read", error.code).inc()
            raise

    async def aclose(self) -> None:
        await self._reader.aclose()
