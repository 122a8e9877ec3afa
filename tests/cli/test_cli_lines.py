"""What is said of long work where nobody watches a terminal."""

import threading

import pytest

from mlp.cli.lines import Lines


class Said(list):
    """Lines, and a way to wait until there are so many."""

    def __init__(self):
        super().__init__()
        self._more = threading.Condition()

    def __call__(self, line):
        with self._more:
            self.append(line)
            self._more.notify_all()

    def wait_for(self, count):
        with self._more:
            assert self._more.wait_for(lambda: len(self) >= count, 10)


@pytest.fixture
def said():
    return Said()


def test_a_part_is_told_when_it_has_moved_and_no_more_often(said):
    with Lines(said, lambda: "starting", silent=0, seconds=60) as lines:
        said.wait_for(1)
        lines(["a: starting", "b: starting"])
        lines(["a: starting", "b: starting"])
        lines(["a: ready", "b: starting"])
    assert said == ["starting …", "a: starting", "b: starting", "a: ready"]


def test_nothing_is_told_of_what_is_over_soon(said):
    with Lines(said, lambda: "starting", silent=60) as lines:
        lines(["a: starting"])
    assert said == []


def test_what_takes_long_is_told_of_again_and_again_with_the_latest_words(said):
    words = iter(["sending 1 of 3", "sending 2 of 3", "sending 3 of 3"])
    with Lines(said, lambda: next(words), silent=0, seconds=0.02):
        said.wait_for(3)
    assert said[:2] == ["sending 1 of 3 …", "sending 2 of 3 … 0 s"]


def test_what_moved_before_anything_was_said_is_told_with_the_first_word(said):
    with Lines(said, lambda: "starting", silent=0.05, seconds=60) as lines:
        lines(["a: starting"])
        lines(["a: ready"])
        said.wait_for(2)
    assert said == ["starting …", "a: ready"]
