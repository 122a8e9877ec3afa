"""The model's side of a request: tensors in, answers out, whatever protocol they came by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from mlp.errors import TooLarge
from mlp.inference.loading import LoadedModel
from mlp.inference.metrics import Metrics
from mlp.proof import AnswerReader, Answers, Feeds

_INLINE_CELLS = 1_024
"""A batch of at most this many values runs on the event loop: a thread costs 0.1 ms, about what it runs itself."""
_THREADS = 2
"""Batches that run at once: one more than ONNX Runtime needs to stay busy while another is being handed over."""


class DataPlane:
    """Runs one model and counts what passes."""

    def __init__(self, model: LoadedModel, metrics: Metrics, max_rows: int) -> None:
        self._session = model.session
        self._width = len(model.signature.inputs)
        self._metrics = metrics
        self._max_rows = max_rows
        self._reader = AnswerReader(model.signature)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="model")

    def infer(self, feeds: Feeds, rows: int) -> Answers | Awaitable[Answers]:
        """Return the answers to `rows` rows given as the graph's inputs, or the promise of them.

        Raises TooLarge for more rows than are answered at a time, Invalid (`unanswerable_rows`) when the graph fails.
        """
        if rows > self._max_rows:
            raise TooLarge(
                f"at most {self._max_rows} rows are answered at a time",
                code="too_many_rows",
                details={"max_rows": self._max_rows},
            )
        if rows * self._width <= _INLINE_CELLS:
            return self._count(feeds, rows, *self._run(feeds, rows))
        return self._infer_later(feeds, rows)

    async def _infer_later(self, feeds: Feeds, rows: int) -> Answers:
        loop = asyncio.get_running_loop()
        return self._count(feeds, rows, *await loop.run_in_executor(self._threads, self._run, feeds, rows))

    def _count(self, feeds: Feeds, rows: int, answers: Answers, seconds: float) -> Answers:
        self._metrics.model_seconds.observe(seconds)
        self._metrics.rows += rows
        self._metrics.drift.observe(feeds, rows)
        return answers

    def _run(self, feeds: Feeds, rows: int) -> tuple[Answers, float]:
        begin = perf_counter()
        outputs = self._session.compute(feeds, self._reader.outputs)
        seconds = perf_counter() - begin
        return self._reader.read(outputs, rows), seconds
