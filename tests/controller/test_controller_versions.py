"""The registry is asked beside the work, and what it said stands while it is down."""

import pytest

from mlp.controller.answer import Resolved, Unresolved
from mlp.controller.versions import Rhythm, Version, Versions, registry_at
from mlp.controller.watch import Key
from tests.controller.stand_in_registry import Registry
from tests.kube.conftest import wait_for

HOLDER = Key("ml-platform", "my-model")
ONE = Version("iris", 1)


@pytest.fixture
def registry():
    registry = Registry()
    yield registry
    registry.stop()


@pytest.fixture
def ask(registry):
    made = []

    def make(wanted=None):
        changes = []
        rhythm = Rhythm(renew=0.2, missing=0.1, down=0.1)
        held = wanted if wanted is not None else {ONE, Version("iris", 9)}
        versions = Versions(registry_at(registry.url, None), lambda _: held, changes.append, rhythm)
        versions.start()
        made.append(versions)
        return versions, changes

    yield make
    for versions in made:
        versions.stop()


def test_the_first_question_is_answered_by_a_call(ask, registry):
    versions, changes = ask()
    assert versions.hold(HOLDER, ONE) is None
    wait_for(lambda: changes == [ONE])
    assert versions.hold(HOLDER, ONE) == Resolved(registry.digest("iris", 1))


def test_a_use_is_renewed_until_nobody_wants_the_version(ask, registry):
    wanted = {ONE}
    versions, _ = ask(wanted)
    versions.hold(HOLDER, ONE)
    use = ("iris", 1, "ml-platform.my-model")
    wait_for(lambda: registry.uses[use] >= 3)
    wanted.clear()
    wait_for(lambda: not versions._held)
    wait_for(lambda: use in registry.ended)
    count = registry.uses[use]
    versions.hold(HOLDER, Version("iris", 2))
    assert registry.uses[use] == count


def test_a_version_that_appears_is_found_and_one_that_vanishes_is_missed(ask, registry):
    versions, changes = ask()
    nine = Version("iris", 9)
    versions.hold(HOLDER, nine)
    wait_for(lambda: isinstance(versions.hold(HOLDER, nine), Unresolved))
    registry.versions.add(("iris", 9))
    wait_for(lambda: isinstance(versions.hold(HOLDER, nine), Resolved))
    registry.versions.remove(("iris", 9))
    wait_for(lambda: isinstance(versions.hold(HOLDER, nine), Unresolved))
    wait_for(lambda: changes == [nine] * 3)


def test_a_registry_that_is_down_makes_no_answer_unknown(ask, registry):
    versions, changes = ask()
    versions.hold(HOLDER, ONE)
    wait_for(lambda: changes)
    answer = versions.hold(HOLDER, ONE)
    registry.stop()
    nine = Version("iris", 9)
    versions.hold(HOLDER, nine)
    wait_for(lambda: isinstance(versions.hold(HOLDER, nine), Unresolved))
    assert versions.hold(HOLDER, nine).reason == "RegistryUnavailable"
    assert versions.hold(HOLDER, ONE) == answer
    registry.resume()
    wait_for(lambda: getattr(versions.hold(HOLDER, nine), "is_final", False))
