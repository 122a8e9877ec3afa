"""The queue to the model: whose rows share a run, who is dropped from it, and that everybody gets the own answers."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from math import inf
from time import monotonic

import numpy as np
import pytest
from served_models import iris

from mlp.errors import DeadlineExceeded, Invalid, MlpError, Unavailable
from mlp.inference.batching import Batcher, Policy
from mlp.inference.crowd import Crowd
from mlp.inference.drift import Drift
from mlp.inference.metrics import Metrics
from mlp.inference.pace import Pace
from mlp.proof import Answers

PAST = 0.0


class Model:
    """Answers each row with its value doubled, refuses negative ones, and remembers what it ran."""

    def __init__(self) -> None:
        self.runs: list[list[float]] = []

    def __call__(self, feeds, rows):
        values = feeds["X"][:, 0]
        assert len(values) == rows
        self.runs.append(values.tolist())
        if (values < 0).any():
            raise Invalid("the model cannot compute an answer to these rows", code="unanswerable_rows")
        return Answers(values * 2, np.stack([values, values + 1], axis=1))


def policy(**given) -> Policy:
    return Policy(**{"rows": 64, "wait": 0.0, "queue": 100, "runs": 1, "is_short": lambda rows: True, **given})


def feeds(*values: float):
    return {"X": np.array(values, dtype=np.float32).reshape(-1, 1)}


@contextlib.contextmanager
def batcher(model, **given):
    with ThreadPoolExecutor(2) as threads:
        yield Batcher(model, policy(**given), Metrics(Drift(iris().version.signature)), threads)


def answered(model, jobs, **given):
    """Submit jobs (feeds, and a deadline if need be) in one turn of the loop; return what each promise came to."""

    async def submit():
        with batcher(model, **given) as queue:
            promises = [queue.submit(each, len(each["X"]), until) for each, until in ((*job, inf)[:2] for job in jobs)]
            return await asyncio.wait_for(asyncio.gather(*promises, return_exceptions=True), 20)

    return asyncio.run(submit())


@pytest.mark.parametrize("is_short", [True, False])
def test_what_has_arrived_shares_a_run_and_everybody_gets_the_own_rows(is_short):
    model = Model()
    jobs = [(feeds(1),), (feeds(2, 3),), (feeds(4),)]
    first, second, third = answered(model, jobs, is_short=lambda rows: is_short)
    assert [first.predictions.tolist(), second.predictions.tolist(), third.predictions.tolist()] == [[2], [4, 6], [8]]
    assert second.probabilities.tolist() == [[2, 3], [3, 4]]
    assert model.runs == [[1, 2, 3, 4]]


def test_a_batch_has_at_most_so_many_rows_and_a_larger_request_runs_alone():
    model = Model()
    answered(model, [(feeds(1, 2),), (feeds(3),), (feeds(*range(5)),), (feeds(4),)], rows=3)
    assert model.runs == [[1, 2, 3], [0, 1, 2, 3, 4], [4]]


def test_without_batching_every_request_runs_alone():
    model = Model()
    answered(model, [(feeds(1),), (feeds(2),)], rows=1)
    assert model.runs == [[1], [2]]


def test_a_bad_request_fails_alone():
    model = Model()
    good, bad, other = answered(model, [(feeds(1),), (feeds(-2),), (feeds(3),)])
    assert (good.predictions.tolist(), other.predictions.tolist()) == ([2], [6])
    assert isinstance(bad, Invalid)
    assert bad.code == "unanswerable_rows"


def test_a_fault_of_ours_reaches_everybody_who_waits():
    def broken(feeds, rows):
        raise ZeroDivisionError

    outcomes = answered(broken, [(feeds(1),), (feeds(2),)], is_short=lambda rows: False)
    assert [type(each) for each in outcomes] == [ZeroDivisionError] * 2


def test_a_request_whose_deadline_is_over_is_dropped_before_the_run():
    model = Model()
    late, good = answered(model, [(feeds(1), PAST), (feeds(2), monotonic() + 60)])
    assert isinstance(late, DeadlineExceeded)
    assert good.predictions.tolist() == [4]
    assert model.runs == [[2]]


def test_a_request_that_nobody_waits_for_is_dropped_before_the_run():
    model = Model()

    async def hang_up():
        with batcher(model) as queue:
            queue.submit(feeds(1), 1, inf).cancel()
            return await asyncio.wait_for(queue.submit(feeds(2), 1, inf), 20)

    assert asyncio.run(hang_up()).predictions.tolist() == [4]
    assert model.runs == [[2]]


def test_the_queue_is_bounded_and_takes_again_what_it_has_room_for():
    model = Model()

    async def overload():
        with batcher(model, queue=2) as queue:
            waiting = [queue.submit(feeds(value), 1, inf) for value in (1, 2)]
            with pytest.raises(Unavailable) as caught:
                queue.submit(feeds(3), 1, inf)
            await asyncio.gather(*waiting)
            return caught.value.code, (await queue.submit(feeds(4), 1, inf)).predictions.tolist()

    assert asyncio.run(overload()) == ("overloaded", [8])


def test_who_fails_over_the_own_answer_keeps_nobody_from_theirs():
    async def run():
        said = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context["exception"]))
        with batcher(Model()) as queue:
            first, second = queue.submit(feeds(1), 1, inf), queue.submit(feeds(2), 1, inf)
            first.settle(lambda value, error: 1 / 0)
            answers = await asyncio.wait_for(second, 20)
        return answers.predictions.tolist(), [type(each) for each in said]

    assert asyncio.run(run()) == ([4], [ZeroDivisionError])


def test_an_eager_queue_refuses_nobody():
    model = Model()
    jobs = [(feeds(value),) for value in range(10)]
    outcomes = answered(model, jobs, rows=4, queue=4, is_eager=True)
    assert [each.predictions.tolist() for each in outcomes] == [[2 * value] for value in range(10)]
    assert model.runs == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_a_crowd_is_known_by_the_last_turn_of_the_loop():
    async def arrive(*turns):
        crowd, said = Crowd(), []
        for count in turns:
            said.append({crowd.joined() for _ in range(count)})
            await asyncio.sleep(0)
        return said

    assert asyncio.run(arrive(1, 5, 5, 1, 1)) == [{False}, {False}, {True}, {True}, {False}]


def test_what_comes_during_a_run_makes_up_the_next_one():
    model = Model()

    async def follow():
        with batcher(model, is_short=lambda rows: False) as queue:
            first = queue.submit(feeds(1), 1, inf)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            rest = [queue.submit(feeds(value), 1, inf) for value in (2, 3, 4)]
            await asyncio.gather(first, *rest)

    asyncio.run(follow())
    assert model.runs == [[1], [2, 3, 4]]


def test_a_wait_gathers_company_and_a_full_batch_does_not_wait():
    model = Model()

    async def gather():
        with batcher(model, rows=2, wait=60.0) as queue:
            first = queue.submit(feeds(1), 1, inf)
            await asyncio.sleep(0)
            assert model.runs == []
            await asyncio.wait_for(asyncio.gather(first, queue.submit(feeds(2), 1, inf)), 20)

    asyncio.run(gather())
    assert model.runs == [[1, 2]]


@pytest.mark.parametrize(
    ("pace", "is_quick", "gains"),
    [
        (Pace(), True, False),
        (Pace(0.000_02, 0.000_02), True, False),
        (Pace(0.000_02, 0.000_000_1), True, True),
        (Pace(0.001, 0.000_05), False, True),
        (Pace(0.001, 0.000_9), False, False),
        (Pace(0.2, 0.2), False, False),
    ],
)
def test_batches_pay_where_rows_are_cheaper_together(pace, is_quick, gains):
    assert (pace.is_quick, pace.gains_by_batches) == (is_quick, gains)


def test_every_one_of_many_random_requests_gets_the_own_rows():
    random = np.random.default_rng(11)
    sizes = random.integers(1, 5, 2_000)
    jobs, begin = [], 0
    for size in sizes:
        values = np.arange(begin, begin + size)
        jobs.append((feeds(*np.where(random.random(size) < 0.02, -1.0, values)),))
        begin += size
    outcomes = answered(Model(), jobs, rows=16, queue=10_000, is_short=lambda rows: bool(rows % 2))
    for (given,), outcome in zip(jobs, outcomes, strict=True):
        if (given["X"] < 0).any():
            assert isinstance(outcome, MlpError)
        else:
            assert outcome.predictions.tolist() == (given["X"][:, 0] * 2).tolist()
