from mlp.local.attempts import Attempts, Backoff, Ending

BACKOFF = Backoff(first=0.5, longest=30, steady=60)


def ending(generation=1, ready_seconds=None):
    return Ending(1, generation, "ProcessEnded", "", ready_seconds)


def waits(endings):
    attempts, found = None, []
    for each in endings:
        attempts = BACKOFF.after(attempts, each, now=100.0)
        found.append(attempts.next_at - 100.0)
    return found


def test_the_wait_doubles_up_to_its_limit():
    assert waits([ending()] * 8) == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_a_process_that_becomes_ready_and_ends_soon_after_is_still_failing():
    assert waits([ending(ready_seconds=5)] * 3) == [0.5, 1, 2]


def test_good_running_makes_up_for_earlier_failures():
    assert waits([ending(), ending(), ending(ready_seconds=60), ending()]) == [0.5, 1, 0.5, 1]


def test_a_changed_spec_begins_anew():
    assert waits([ending(1), ending(1), ending(2)]) == [0.5, 1, 0.5]


def test_only_what_ends_again_and_again_without_a_word_loops():
    assert [Attempts(count, 0.0, ending()).reason for count in (1, 2, 3, 4)] == [
        *["ProcessEnded"] * 2,
        *["CrashLooping"] * 2,
    ]
    assert Attempts(9, 0.0, Ending(1, 1, "GoldenRowsFailed", "row 3")).reason == "GoldenRowsFailed"
