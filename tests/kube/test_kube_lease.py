"""At most one process leads, and it knows when it no longer does."""

import threading
import time

import pytest

from mlp.errors import Unavailable
from mlp.kube.lease import Elector, Timing
from tests.kube.conftest import wait_for

TIMING = Timing(lease=1.5, renew=0.9, retry=0.1)


class Leases:
    """One Lease with optimistic concurrency, and a switch that makes requests hang or fail."""

    def __init__(self):
        self.lease = None
        self.version = 0
        self.trouble = None
        self.lock = threading.Lock()
        self.writes = []

    def __call__(self, asked, reply):
        if self.trouble == "hang":
            reply.ended.wait(30)
            return
        if self.trouble == "fail":
            reply.refuse(500, "InternalError")
            return
        with self.lock:
            status, answer = self._answer(asked)
        reply.send(status, answer) if status < 400 else reply.refuse(status, answer)

    def _answer(self, asked):
        if asked.method == "GET":
            return (200, self.lease) if self.lease else (404, "NotFound")
        if asked.method == "POST" and self.lease:
            return 409, "AlreadyExists"
        if asked.method == "PUT" and asked.body["metadata"]["resourceVersion"] != str(self.version):
            return 409, "Conflict"
        self.version += 1
        self.lease = asked.body
        self.lease["metadata"]["resourceVersion"] = str(self.version)
        self.writes.append(self.lease["spec"]["holderIdentity"])
        return 200, self.lease


@pytest.fixture
def leases(serve):
    leases = Leases()
    return leases, serve(leases)


@pytest.fixture
def elect(leases, connected):
    electors = []

    def start(identity, lost=lambda: None):
        elector = Elector(connected(leases[1]), ("n", "lease"), identity, lost, TIMING)
        electors.append(elector)
        elector.start()
        return elector

    yield start
    for elector in electors:
        elector._stopping.set()


def test_one_of_two_leads_and_the_other_follows_when_it_vanishes(leases, elect):
    first = elect("first")
    assert first.wait(5)
    second = elect("second")
    assert not second.wait(2 * TIMING.lease)
    first._stopping.set()
    assert second.wait(TIMING.lease * 3)
    assert not first.is_leading()
    assert leases[0].lease["spec"]["leaseTransitions"] == 1


def test_a_lease_that_is_given_back_is_taken_at_once(leases, elect):
    first = elect("first")
    assert first.wait(5)
    second = elect("second")
    begin = time.monotonic()
    first.release()
    assert second.wait(5)
    assert time.monotonic() - begin < TIMING.lease
    with pytest.raises(Unavailable):
        first.guard()


@pytest.mark.parametrize("trouble", ["hang", "fail"])
def test_a_leader_that_cannot_renew_knows_before_its_lease_ends(leases, elect, trouble):
    lost = []
    elector = elect("first", lambda: lost.append(time.monotonic()))
    assert elector.wait(5)
    wait_for(lambda: len(leases[0].writes) > 3)
    leases[0].trouble = trouble
    begin = time.monotonic()
    wait_for(lambda: lost)
    assert lost[0] - begin < TIMING.lease
    assert not elector.is_leading()


def test_two_that_begin_at_once_do_not_both_lead(leases, elect):
    electors = [elect(str(number)) for number in range(4)]
    wait_for(lambda: any(each.is_leading() for each in electors))
    for _ in range(20):
        assert sum(each.is_leading() for each in electors) <= 1
        time.sleep(0.05)


def test_a_candidate_that_starts_while_the_server_is_down_leads_once_it_is_back(leases, elect):
    leases[0].trouble = "fail"
    elector = elect("first")
    assert not elector.wait(1)
    leases[0].trouble = None
    assert elector.wait(10)
