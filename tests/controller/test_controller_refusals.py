"""What was refused is tried again when it is time, or when something else is asked for."""

import time

from mlp.controller.reconcile import Problem
from mlp.controller.refusals import Refusals
from mlp.controller.watch import Key
from mlp.kube.resource import DEPLOYMENTS, SERVICES

KEY = Key("ml-platform", "my-model")
NO = Problem("Rejected", "no")


def model(generation=1, uid="u"):
    return {"metadata": {"uid": uid, "generation": generation}}


def test_a_refusal_stands_for_its_time_however_often_one_looks():
    refusals = Refusals(0.2)
    first = refusals.note(KEY, model(), {SERVICES: NO})
    assert 0.2 <= first <= 0.3
    assert refusals.standing(KEY, model()) == {SERVICES: NO}
    assert refusals.note(KEY, model(), {SERVICES: NO, DEPLOYMENTS: NO}) <= first
    assert refusals.standing(KEY, model()) == {SERVICES: NO, DEPLOYMENTS: NO}
    time.sleep(0.31)
    assert refusals.standing(KEY, model()) == {}
    assert refusals.note(KEY, model(), {SERVICES: NO}) >= 0.2


def test_a_refusal_is_one_of_the_spec_as_it_was():
    refusals = Refusals(60)
    refusals.note(KEY, model(), {SERVICES: NO})
    assert refusals.standing(Key("ml-platform", "other"), model()) == {}
    assert refusals.standing(KEY, model(generation=2)) == {}
    refusals.note(KEY, model(), {SERVICES: NO})
    assert refusals.standing(KEY, model(uid="made anew")) == {}


def test_what_is_no_longer_refused_or_gone_is_forgotten():
    refusals = Refusals(60)
    refusals.note(KEY, model(), {SERVICES: NO})
    assert refusals.note(KEY, model(), {}) is None
    assert refusals.standing(KEY, model()) == {}
    refusals.note(KEY, model(), {SERVICES: NO})
    refusals.forget(KEY)
    assert refusals.standing(KEY, model()) == {}
