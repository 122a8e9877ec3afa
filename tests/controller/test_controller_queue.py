"""Keys come to workers once each, never twice at a time, and later the more often they failed."""

import threading
import time

import pytest

from mlp.controller.queue import WorkQueue


@pytest.fixture
def queue():
    queue = WorkQueue()
    yield queue
    queue.close()


def drain(queue):
    found = []
    while queue.depth():
        key = queue.get()
        queue.done(key)
        found.append(key)
    return found


def test_a_key_that_is_added_often_is_worked_on_once(queue):
    for _ in range(5):
        queue.add("a")
    queue.add("b")
    assert drain(queue) == ["a", "b"]


def test_a_key_that_changes_while_it_is_worked_on_comes_again_afterwards(queue):
    queue.add("a")
    assert queue.get() == "a"
    queue.add("a")
    assert queue.depth() == 0
    queue.done("a")
    assert drain(queue) == ["a"]


def test_no_two_workers_ever_have_the_same_key(queue):
    busy, clashes, worked = set(), [], []
    lock = threading.Lock()

    def work():
        while (key := queue.get()) is not None:
            with lock:
                clashes.extend([key] if key in busy else [])
                busy.add(key)
            time.sleep(0.0005)
            with lock:
                busy.discard(key)
                worked.append(key)
            queue.done(key)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for number in range(2_000):
        queue.add(number % 7)
    while queue.depth() or busy:
        time.sleep(0.005)
    queue.close()
    for thread in threads:
        thread.join(5)
    assert not clashes
    assert set(worked) == set(range(7))


def test_a_key_comes_when_its_time_has_come(queue):
    begin = time.monotonic()
    queue.add_after("late", 0.3)
    queue.add_after("early", 0.1)
    assert queue.get() == "early"
    assert queue.get() == "late"
    assert time.monotonic() - begin >= 0.3


def test_a_key_that_is_due_twice_comes_once_at_the_earlier_time(queue):
    begin = time.monotonic()
    queue.add_after("a", 0.4)
    queue.add_after("a", 0.1)
    queue.add_after("a", 0.5)
    queue.add_after("b", 0.8)
    assert queue.get() == "a"
    assert time.monotonic() - begin < 0.4
    queue.done("a")
    assert queue.get() == "b"


def test_each_failure_of_a_key_doubles_its_wait_until_it_is_forgiven(queue):
    def wait_for_retry():
        begin = time.monotonic()
        queue.retry("a")
        queue.get()
        queue.done("a")
        return time.monotonic() - begin

    for _ in range(6):
        wait_for_retry()
    assert wait_for_retry() >= 0.005 * 2**6 / 2
    queue.forget("a")
    queue.retry("b", at_least=0.05)
    queue.retry("a")
    assert queue.get() == "a"


def test_all_keys_together_come_back_no_faster_than_a_shared_rate(queue):
    for number in range(130):
        queue.retry(number)
    begin = time.monotonic()
    for _ in range(130):
        queue.done(queue.get())
    assert time.monotonic() - begin >= 2.5


def test_closing_lets_every_worker_go(queue):
    results = []
    threads = [threading.Thread(target=lambda: results.append(queue.get())) for _ in range(3)]
    for thread in threads:
        thread.start()
    queue.close()
    for thread in threads:
        thread.join(5)
    assert results == [None] * 3
    queue.add("a")
    assert queue.depth() == 0


def test_it_tells_how_long_the_slowest_worker_has_had_its_key(queue):
    assert queue.longest_running() == 0
    queue.add("a")
    queue.get()
    time.sleep(0.05)
    assert queue.longest_running() >= 0.05
