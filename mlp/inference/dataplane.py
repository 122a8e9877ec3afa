"""The model's side of a request: tensors in, answers out, whatever protocol they came by."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import inf
from time import monotonic, perf_counter

from mlp.errors import TooLarge
from mlp.inference.batching import Batcher, Policy, late
from mlp.inference.crowd import Crowd
from mlp.inference.loading import LoadedModel
from mlp.inference.metrics import Metrics
from mlp.inference.promise import Promise
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
        self._batches = {"on": True, "off": False}.get(settings.batching, model.pace.gains_by_batches)
        """Whether requests share runs of the model."""
        self._is_quick = model.pace.is_quick and settings.batching != "on"
        self.batching = "off" if not self._batches else "crowds" if self._is_quick else "on"
        """The same in a word: `crowds` where only requests of the same instant do."""
        threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="model")
        queue = Batcher(self._compute, self._policy(settings), metrics, threads)
        self._submit = queue.submit
        self.check_room = queue.check_room
        """Raises Unavailable (`overloaded`) when too many wait: asked before a request is read, which costs more."""
        self._crowd = Crowd()
        self._share = Batcher(self._compute, _at_once(settings), metrics, threads).submit

    def infer(self, feeds: Feeds, rows: int, deadline: float = inf) -> Answers | Promise[Answers]:
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
                has_company = self._batches and self._crowd.joined()
                return self._share(feeds, rows, deadline) if has_company else self._infer_now(feeds, rows)
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

    def _policy(self, settings: Settings) -> Policy:
        """Return how requests wait that are not answered at once."""
        shares = self._batches and not self._is_quick
        return Policy(
            rows=settings.batch_rows if shares else 1,
            wait=settings.batch_wait_ms / 1000 if shares else 0.0,
            queue=settings.max_queue,
            runs=1 if shares else _THREADS,
            is_short=self._is_short,
        )


def _at_once(settings: Settings) -> Policy:
    """Return how small requests to a quick model share a run: those that the same turn of the event loop brings."""
    return Policy(
        rows=settings.batch_rows, wait=0.0, queue=settings.max_queue, runs=1, is_short=lambda _: True, is_eager=True
    )
