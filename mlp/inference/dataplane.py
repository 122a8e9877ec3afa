"""The model's side of a request: tensors in, answers out, whatever protocol they came by."""

from __future__ import annotations

from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from math import inf
from time import monotonic, perf_counter

from mlp.errors import TooLarge
from mlp.inference.batching import Batcher, Policy, late
from mlp.inference.loading import LoadedModel
from mlp.inference.metrics import Metrics
from mlp.inference.settings import Settings
from mlp.proof import AnswerReader, Answers, Feeds

_INLINE_CELLS = 1_024
"""A batch of at most this many values of a quick model runs on the event loop: handing it over costs 0.1 ms."""
_SHORT_SECONDS = 0.002
"""A run of other models that is expected to be as short as this does not leave the event loop either."""
_THREADS = 2
"""Runs at once, where they are not batches: one more than ONNX Runtime needs to stay busy while another is prepared."""


class DataPlane:
    """Runs one model and counts what passes."""

    def __init__(self, model: LoadedModel, metrics: Metrics, settings: Settings) -> None:
        self._session = model.session
        self._width = len(model.signature.inputs)
        self._metrics = metrics
        self._traffic = metrics.traffic
        self._max_rows = settings.max_rows
        self._patience = settings.request_timeout_seconds
        self._pace = model.pace
        self._reader = AnswerReader(model.signature)
        self.batches = {"on": True, "off": False}.get(settings.batching, model.pace.gains_by_batches)
        """Whether requests share runs of the model."""
        self._is_quick = model.pace.is_quick and settings.batching != "on"
        policy = Policy(
            rows=settings.batch_rows if self.batches else 1,
            wait=settings.batch_wait_ms / 1000 if self.batches else 0.0,
            queue=settings.max_queue,
            runs=1 if self.batches else _THREADS,
            is_short=self._is_short,
        )
        threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="model")
        batcher = Batcher(self._compute, policy, metrics, threads)
        self._submit = batcher.submit
        self.check_room = batcher.check_room
        """Raises Unavailable (`overloaded`) when too many wait: asked before a request is read, which costs more."""

    def infer(self, feeds: Feeds, rows: int, deadline: float = inf) -> Answers | Awaitable[Answers]:
        """Return the answers to `rows` rows given as the graph's inputs, or the promise of them.

        `deadline` is by the monotonic clock. Raises TooLarge for more rows than are answered at a time, Invalid
        (`unanswerable_rows`) when the graph fails, Unavailable (`overloaded`) when too many wait, DeadlineExceeded.
        """
        if rows > self._max_rows:
            raise TooLarge(
                f"at most {self._max_rows} rows are answered at a time",
                code="too_many_rows",
                details={"max_rows": self._max_rows},
            )
        if deadline is not inf and deadline <= monotonic():
            raise late()
        if self._is_quick:
            if rows * self._width <= _INLINE_CELLS:
                return self._infer_now(feeds, rows)
        elif self._traffic.connections == 1 and self._traffic.in_flight <= 1 and self._is_short(rows):
            return self._infer_now(feeds, rows)  # there is nobody to share with, and nobody else to keep waiting
        return self._submit(feeds, rows, min(deadline, monotonic() + self._patience))

    def _infer_now(self, feeds: Feeds, rows: int) -> Answers:
        begin = perf_counter()
        answers = self._compute(feeds, rows)
        self._metrics.count_run(rows, perf_counter() - begin)
        self._metrics.drift.observe(feeds, rows)
        return answers

    def _compute(self, feeds: Feeds, rows: int) -> Answers:
        return self._reader.read(self._session.compute(feeds, self._reader.outputs), rows)

    def _is_short(self, rows: int) -> bool:
        return not self._is_quick and 0.0 < self._pace.of(rows) <= _SHORT_SECONDS
