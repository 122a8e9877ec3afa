"""Rows of several requests in one run of the model, and the queue in which requests wait for it.

Nobody waits for company by default: when the model is free it takes what is there, and what comes meanwhile makes up
the next batch. So a lone caller is answered at once, and batches grow exactly as fast as the model falls behind.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from time import monotonic, perf_counter

import numpy as np

from mlp.errors import DeadlineExceeded, MlpError, Unavailable
from mlp.inference.metrics import Metrics
from mlp.inference.promise import Promise
from mlp.proof import Answers, Feeds

_SWEEP_SECONDS = 0.05
"""How late a request whose time is over may hear of it while it waits."""
Compute = Callable[[Feeds, int], Answers]
"""Runs the model on so many rows; raises errors of `mlp.errors`."""


@dataclass(frozen=True)
class Policy:
    """How requests are brought to the model."""

    rows: int
    """The most rows of a batch of several requests; 1 lets every request run alone."""
    wait: float
    """Seconds that a request waits for others while the model is free."""
    queue: int
    """Requests that may wait; further ones are refused."""
    runs: int
    """Runs at once."""
    is_short: Callable[[int], bool]
    """Whether a run of so many rows is so short that the event loop can do it itself."""
    is_eager: bool = False
    """Whether a batch is run as soon as it is full, so that nobody is refused; its runs have to be short."""


class Job:
    """A request on its way to the model."""

    __slots__ = ("answer", "deadline", "feeds", "rows")

    def __init__(self, feeds: Feeds, rows: int, deadline: float) -> None:
        self.feeds = feeds
        self.rows = rows
        self.deadline = deadline
        """By the monotonic clock; nobody wants the answer later."""
        self.answer: Promise[Answers] = Promise()


Outcome = tuple[Sequence[Answers | MlpError], float]
"""What became of each job of a batch, and the seconds that the model took."""


class Batcher:
    """Brings requests to the model; lives on the event loop, its longer runs in `threads`."""

    def __init__(self, compute: Compute, policy: Policy, metrics: Metrics, threads: Executor) -> None:
        self._compute = compute
        self._policy = policy
        self._metrics = metrics
        self._threads = threads
        self._jobs: deque[Job] = deque()
        self._running = 0
        self._due: asyncio.Handle | None = None
        self._sweeping: asyncio.Handle | None = None

    def check_room(self) -> None:
        """Raise Unavailable (`overloaded`) when too many wait."""
        if len(self._jobs) >= self._policy.queue:
            raise Unavailable("too many requests wait for the model", code="overloaded")

    def submit(self, feeds: Feeds, rows: int, deadline: float) -> Promise[Answers]:
        """Return the promise of answers to `rows` rows; `deadline` is by the monotonic clock.

        Raises Unavailable (`overloaded`) when too many wait. The promise breaks with DeadlineExceeded, or with what the
        model says of these rows; who gives it up (`cancel`) is not answered any more.
        """
        self.check_room()
        job = Job(feeds, rows, deadline)
        self._jobs.append(job)
        self._metrics.queued += 1
        if self._running < self._policy.runs:
            if self._policy.is_eager and len(self._jobs) >= min(self._policy.rows, self._policy.queue):
                self._go()
            else:
                self._arm()
        if self._sweeping is None and not self._policy.is_eager:
            self._sweeping = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._sweep)
        return job.answer

    def _arm(self) -> None:
        """See to it that the model gets work: when everything that has arrived by now is read, or after the wait."""
        if self._due is not None and not self._policy.wait:
            return
        loop = asyncio.get_running_loop()
        if self._policy.wait and sum(job.rows for job in self._jobs) < self._policy.rows:
            self._due = self._due or loop.call_later(self._policy.wait, self._go)
            return
        if self._due is not None and self._policy.wait:
            self._due.cancel()
            self._due = None
        self._due = self._due or loop.call_soon(self._go)

    def _go(self) -> None:
        self._due = None
        loop = asyncio.get_running_loop()
        while self._jobs and self._running < self._policy.runs:
            batch = self._take(monotonic())
            rows = sum(job.rows for job in batch)
            if not batch:
                continue
            if self._policy.is_short(rows):
                self._deliver(batch, self._run(batch))
                if self._jobs:
                    self._due = loop.call_soon(self._go)  # sockets come first
                return
            self._running += 1
            run = loop.run_in_executor(self._threads, self._run, batch)
            run.add_done_callback(partial(self._ran, batch))

    def _sweep(self) -> None:
        """Answer those whose time is over while the model is busy, and give the places of those who left to others."""
        self._sweeping = None
        now = monotonic()
        jobs = [job for job in self._jobs if not job.answer.is_done]
        self._metrics.queued -= len(self._jobs) - len(jobs)
        self._jobs = deque(job for job in jobs if job.deadline > now)
        self._metrics.queued -= len(jobs) - len(self._jobs)
        if self._jobs:
            self._sweeping = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._sweep)
        for job in jobs:
            if job.deadline <= now:
                job.answer.fail(late())

    def _take(self, now: float) -> list[Job]:
        """Take the jobs of the next run out of the queue; those that nobody waits for any more are dropped."""
        batch: list[Job] = []
        rows = 0
        while self._jobs and (not batch or rows + self._jobs[0].rows <= self._policy.rows):
            job = self._jobs.popleft()
            self._metrics.queued -= 1
            if job.answer.is_done:
                continue
            if job.deadline <= now:
                job.answer.fail(late())
                continue
            batch.append(job)
            rows += job.rows
        return batch

    def _run(self, batch: Sequence[Job]) -> Outcome:
        begin = perf_counter()
        outcome = answers_to(batch, self._compute)
        return outcome, perf_counter() - begin

    def _ran(self, batch: Sequence[Job], run: asyncio.Future[Outcome]) -> None:
        self._running -= 1
        error = None if run.cancelled() else run.exception()
        if error is None and not run.cancelled():
            self._deliver(batch, run.result())
        for job in batch:
            if not job.answer.is_done:  # a fault of ours, or the end of the process
                job.answer.fail(error or Unavailable("this server is about to end", code="draining"))
        if self._jobs and self._due is None:
            self._go()

    def _deliver(self, batch: Sequence[Job], outcome: Outcome) -> None:
        answers, seconds = outcome
        self._metrics.count_run(sum(job.rows for job in batch), seconds)
        for job, answer in zip(batch, answers, strict=True):
            if not isinstance(answer, MlpError):
                self._metrics.drift.observe(job.feeds, job.rows)
            try:
                if isinstance(answer, MlpError):
                    job.answer.fail(answer)
                else:
                    job.answer.keep(answer)
            except Exception as error:  # noqa: BLE001  what goes wrong with one answer must not keep others from theirs
                context = {"message": "an answer could not be given", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)


def answers_to(batch: Sequence[Job], compute: Compute) -> Sequence[Answers | MlpError]:
    """Return for each job its answers, or what the model says of its rows: a job that fails, fails alone."""
    if len(batch) == 1:
        return [_alone(batch[0], compute)]
    feeds = {name: np.concatenate([job.feeds[name] for job in batch]) for name in batch[0].feeds}
    try:
        together = compute(feeds, sum(job.rows for job in batch))
    except MlpError:
        return [_alone(job, compute) for job in batch]
    parts, begin = [], 0
    for job in batch:
        parts.append(_rows_of(together, begin, begin + job.rows))
        begin += job.rows
    return parts


def _rows_of(answers: Answers, begin: int, end: int) -> Answers:
    probabilities = answers.probabilities
    return Answers(answers.predictions[begin:end], None if probabilities is None else probabilities[begin:end])


def _alone(job: Job, compute: Compute) -> Answers | MlpError:
    try:
        return compute(job.feeds, job.rows)
    except MlpError as error:
        return error


def late() -> DeadlineExceeded:
    """Return what is said of a request that nobody waits for any more."""
    return DeadlineExceeded("the deadline is over; the model was not asked", code="deadline_exceeded")
