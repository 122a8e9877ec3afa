"""Refusals in a flood: who has been refused is read again later, and nobody is forgotten."""

from __future__ import annotations

import heapq
import itertools
import json
import threading
from collections import Counter
from http.client import HTTPConnection

import pytest
from served_models import network

from mlp.inference.http1.throttle import BURST, PER_SECOND, Throttle

HEAVY_ROWS, CALLERS, REQUESTS = 3_500, 24, 20


class Clock:
    """Time as a loop keeps it, moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self._due: list[tuple[float, int, object]] = []
        self._order = itertools.count()

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, call) -> object:
        heapq.heappush(self._due, (self.now + seconds, next(self._order), call))
        return call

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while self._due and self._due[0][0] <= end:
            self.now, _, call = heapq.heappop(self._due)
            call()
        self.now = end


class Caller:
    """A connection whose caller is refused, and sends again as soon as it is read."""

    def __init__(self, throttle: Throttle, *, refused: bool = True) -> None:
        self._throttle = throttle
        self.is_refused = refused
        self.answers = 0
        self.is_held = False

    def send(self) -> None:
        self.answers += 1
        self.is_held = self.is_refused and self._throttle.refused(self)

    proceed = send


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def callers(clock):
    throttle = Throttle(clock)
    callers = [Caller(throttle) for _ in range(PER_SECOND)]
    for caller in callers:
        caller.send()
    return callers


def test_all_have_their_answer_and_a_few_are_read_on(callers):
    assert sum(not caller.is_held for caller in callers) == BURST


def test_in_a_flood_so_many_a_second_are_refused_and_each_in_turn(clock, callers):
    for _ in range(100):
        for caller in callers:
            if not caller.is_held:
                caller.send()
        clock.advance(0.03)
    made = sum(caller.answers for caller in callers)
    assert made == pytest.approx(BURST + 3 * PER_SECOND, rel=0.02)
    assert max(caller.answers for caller in callers) - min(caller.answers for caller in callers) <= 3


def test_when_there_is_room_again_everybody_proceeds(clock, callers):
    for caller in callers:
        caller.is_refused = False
    clock.advance(2.0)
    assert {caller.is_held for caller in callers} == {False}


def test_a_flood_of_callers_who_do_not_wait_loses_no_request(launcher, registry):
    server = launcher.start(
        max_in_flight=4, max_queue=4, batching="on", request_timeout_seconds=60, **registry.publish(network(1_400))
    )
    statuses: Counter[int] = Counter()

    def ask(rows: int, times: int) -> None:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
        body = json.dumps({"features": [[1] * 8] * rows})
        for _ in range(times):
            connection.request("POST", "/predict", body)
            answer = connection.getresponse()
            answer.read()
            statuses[answer.status] += 1
        connection.close()

    heavy = threading.Thread(target=ask, args=(HEAVY_ROWS, 1))
    crowd = [threading.Thread(target=ask, args=(1, REQUESTS)) for _ in range(CALLERS)]
    for each in (heavy, *crowd):
        each.start()
    for each in (heavy, *crowd):
        each.join(60)
    assert statuses.total() == 1 + CALLERS * REQUESTS
    assert set(statuses) == {200, 503}
    assert server.http.post("/predict", json={"features": [[1] * 8]}).status_code == 200, "it is as before"
