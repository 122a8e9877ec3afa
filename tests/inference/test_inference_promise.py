"""Promises: who waits is told once, at once, and of failures too."""

from __future__ import annotations

import asyncio

import pytest

from mlp.inference.promise import Promise


class Waits:
    """Takes what comes of a promise."""

    def __init__(self, promise: Promise) -> None:
        self.heard: list[object] = []
        promise.settle(lambda value, error: self.heard.append(value if error is None else error))


def test_who_waits_hears_of_the_value_at_once_and_once():
    promise: Promise[int] = Promise()
    waits = Waits(promise)
    assert waits.heard == []
    promise.keep(1)
    promise.keep(2)
    promise.fail(ValueError())
    promise.cancel()
    assert waits.heard == [1]


def test_who_comes_late_hears_of_it_too():
    promise: Promise[int] = Promise()
    promise.keep(1)
    assert Waits(promise).heard == [1]


def test_a_value_passes_what_is_made_of_it():
    promise: Promise[int] = Promise()
    waits = Waits(promise.map(lambda value: value + 1).map(str))
    promise.keep(1)
    assert waits.heard == ["2"]


def test_a_failure_passes_by_what_is_made_of_values_until_it_is_mended():
    promise: Promise[int] = Promise()
    waits = Waits(promise.map(lambda value: value + 1).map(str, lambda error: f"mended {error}"))
    promise.fail(ValueError("it"))
    assert waits.heard == ["mended it"]


def test_a_failure_in_making_is_one_of_the_promise():
    promise: Promise[int] = Promise()
    waits = Waits(promise.map(lambda value: 1 / value))
    promise.keep(0)
    assert [type(each) for each in waits.heard] == [ZeroDivisionError]


def test_giving_up_reaches_the_source_and_nobody_mends_that():
    source: Promise[int] = Promise()
    made = source.map(str, repr)
    waits = Waits(made)
    made.cancel()
    source.keep(1)
    assert source.is_done
    assert [type(each) for each in waits.heard] == [asyncio.CancelledError]


def test_a_promise_can_be_awaited():
    async def wait(settled):
        promise: Promise[int] = Promise()
        asyncio.get_running_loop().call_soon(settled, promise)
        return await promise

    assert asyncio.run(wait(lambda promise: promise.keep(1))) == 1
    with pytest.raises(ValueError, match="it"):
        asyncio.run(wait(lambda promise: promise.fail(ValueError("it"))))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(wait(lambda promise: promise.cancel()))


def test_who_stops_awaiting_gives_it_up():
    async def stop():
        promise: Promise[int] = Promise()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(promise, 0.01)
        return promise.is_done

    assert asyncio.run(stop())


def test_a_coroutine_keeps_its_promise_and_ends_when_it_is_given_up():
    ends = []

    async def work(value):
        try:
            await asyncio.sleep(0 if value else 60)
        finally:
            ends.append(value)
        return 1 / (value - 1)

    async def ask():
        kept, failed, left = (Promise.of(work(value)) for value in (2, 1, 0))
        waits = Waits(left)
        with pytest.raises(ZeroDivisionError):
            await failed
        left.cancel()
        assert [type(each) for each in waits.heard] == [asyncio.CancelledError]
        return await kept

    assert asyncio.run(ask()) == 1
    assert sorted(ends) == [0, 1, 2]
