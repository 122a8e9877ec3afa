"""What the agent decides to do, whatever is wanted and seen."""

import dataclasses
import itertools

from hypothesis import given
from hypothesis import strategies as st

from mlp.local.attempts import Attempts, Ending
from mlp.local.reconcile import Close, Kill, Phase, Process, Seen, Start, Stop, Wanted, reconcile

NOW = 1_000.0
REVISIONS = st.integers(1, 3)


def failed(revision, next_at, generation=1):
    return {revision: Attempts(1, next_at, Ending(revision, generation, "GoldenRowsFailed", ""))}


def process(revision, phase=Phase.READY, pid=None, deadline=None):
    return Process(pid or revision, revision, phase, deadline=deadline)


@st.composite
def situations(draw):
    stable, is_alone = draw(st.none() | REVISIONS), draw(st.booleans())
    wanted = Wanted(draw(st.none() | REVISIONS), draw(st.integers(1, 2)), stable=stable, is_alone=is_alone)
    numbers = itertools.count(10)
    kinds = st.tuples(REVISIONS, st.sampled_from(Phase), st.sampled_from([-1, 5]), st.booleans())
    processes = tuple(
        Process(
            next(numbers),
            revision,
            phase,
            deadline=NOW + delay if phase is not Phase.READY else None,
            is_outdated=is_outdated,
        )
        for revision, phase, delay, is_outdated in draw(st.lists(kinds, max_size=4))
    )
    attempts = {}
    for revision, delay in draw(st.dictionaries(REVISIONS, st.sampled_from([-1.0, 0.5, 20.0]))).items():
        attempts |= failed(revision, NOW + delay)
    return wanted, Seen(processes, draw(st.booleans()), attempts)


def performed(seen, actions):
    """Return what is seen after the actions, if each of them succeeds."""
    numbers = itertools.count(100 + len(seen.processes))
    for action in actions:
        processes = {each.pid: each for each in seen.processes}
        match action:
            case Start(revision):
                started = Process(next(numbers), revision, Phase.STARTING, deadline=NOW + 60)
                seen = dataclasses.replace(seen, processes=(*seen.processes, started), listening=True)
            case Stop(pid):
                processes[pid] = dataclasses.replace(processes[pid], phase=Phase.DRAINING, deadline=NOW + 5)
                seen = dataclasses.replace(seen, processes=tuple(processes.values()))
            case Kill(pid):
                del processes[pid]
                seen = dataclasses.replace(seen, processes=tuple(processes.values()))
            case Close():
                seen = dataclasses.replace(seen, listening=False)
    return seen


@given(situations())
def test_it_comes_to_rest(situation):
    wanted, seen = situation
    for _ in range(3):
        seen = performed(seen, reconcile(wanted, seen, NOW).actions)
    plan = reconcile(wanted, seen, NOW)
    assert plan.actions == ()
    assert plan.wake_at is None or plan.wake_at > NOW


@given(situations())
def test_a_serving_process_is_only_stopped_for_one_that_is_ready_or_when_nothing_is_wanted(situation):
    wanted, seen = situation
    ready = [each for each in seen.processes if each.phase is Phase.READY]
    stopped = {action.pid for action in reconcile(wanted, seen, NOW).actions if isinstance(action, Stop)}
    proved = any(each.revision == wanted.revision for each in ready)
    fresh = {each.revision for each in ready if not each.is_outdated}
    for each in ready:
        if each.is_outdated and (wanted.is_alone or each.revision in fresh):
            assert each.pid in stopped
        elif each.revision == wanted.revision or (each.revision == wanted.stable and not proved):
            assert (each.pid in stopped) == (wanted.revision is None)


@given(situations())
def test_no_revision_ever_has_two_starts_and_nothing_is_started_before_its_time(situation):
    wanted, seen = situation
    starts = [action.revision for action in reconcile(wanted, seen, NOW).actions if isinstance(action, Start)]
    assert len(starts) == len(set(starts))
    for revision in starts:
        same = [each for each in seen.processes if each.revision == revision and each.phase is not Phase.DRAINING]
        assert all(each.is_outdated for each in same)
        assert not (wanted.is_alone and seen.processes)
        attempts = seen.failed(revision, wanted.generation)
        assert attempts is None or attempts.next_at <= NOW


@given(situations())
def test_the_port_is_given_up_only_when_nothing_listens_soon(situation):
    wanted, seen = situation
    plan = reconcile(wanted, seen, NOW)
    if Close() in plan.actions:
        after = performed(seen, plan.actions)
        assert all(each.phase is Phase.DRAINING for each in after.processes)
        assert not any(isinstance(action, Start) for action in plan.actions)


def test_a_new_version_starts_beside_the_serving_one():
    plan = reconcile(Wanted(2, 2, stable=1), Seen((process(1),), listening=True), NOW)
    assert plan.actions == (Start(2),)


def test_the_old_version_ends_when_the_new_one_is_ready():
    plan = reconcile(Wanted(2, 2, stable=1), Seen((process(1), process(2)), listening=True), NOW)
    assert plan.actions == (Stop(1),)


def test_an_outdated_process_goes_on_until_its_successor_is_ready():
    old = dataclasses.replace(process(1, pid=10), is_outdated=True)
    assert reconcile(Wanted(1, 1), Seen((old,), listening=True), NOW).actions == (Start(1),)
    starting = process(1, Phase.STARTING, pid=11, deadline=NOW + 60)
    assert reconcile(Wanted(1, 1), Seen((old, starting), listening=True), NOW).actions == ()
    assert reconcile(Wanted(1, 1), Seen((old, process(1, pid=11)), listening=True), NOW).actions == (Stop(10),)


def test_an_outdated_process_that_must_be_alone_ends_before_its_successor_starts_and_callers_wait():
    old = dataclasses.replace(process(0, pid=10), is_outdated=True)
    alone = Wanted(0, 1, is_alone=True)
    assert reconcile(alone, Seen((old,), listening=True), NOW).actions == (Stop(10),)
    draining = dataclasses.replace(old, phase=Phase.DRAINING, deadline=NOW + 7)
    assert reconcile(alone, Seen((draining,), listening=True), NOW).actions == ()
    assert reconcile(alone, Seen((), listening=True), NOW).actions == (Start(0),)


def test_after_a_restart_of_the_agent_the_proven_version_is_started_first():
    assert reconcile(Wanted(2, 2, stable=1), Seen(), NOW).actions == (Start(1), Start(2))


def test_a_failed_version_waits_and_a_changed_spec_does_not():
    seen = Seen((process(1),), listening=True, attempts=failed(2, NOW + 8, generation=2))
    waiting = reconcile(Wanted(2, 2, stable=1), seen, NOW)
    assert (waiting.actions, waiting.wake_at) == ((), NOW + 8)
    assert reconcile(Wanted(2, 3, stable=1), seen, NOW).actions == (Start(2),)


def test_a_start_that_takes_too_long_is_ended():
    late = process(2, Phase.STARTING, deadline=NOW)
    assert reconcile(Wanted(2, 1), Seen((late,), listening=True), NOW).actions == (Kill(2),)


def test_the_port_is_closed_before_the_last_process_is_told_to_end():
    assert reconcile(Wanted(None, 2), Seen((process(1),), listening=True), NOW).actions == (Close(), Stop(1))


def test_callers_wait_for_a_quick_restart_and_are_refused_during_a_long_one():
    soon = Seen((), listening=True, attempts=failed(1, NOW + 0.5))
    assert reconcile(Wanted(1, 1), soon, NOW).actions == ()
    later = Seen((), listening=True, attempts=failed(1, NOW + 30))
    assert reconcile(Wanted(1, 1), later, NOW).actions == (Close(),)
