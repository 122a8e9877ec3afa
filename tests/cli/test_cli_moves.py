"""What is said of moving parts where nobody watches a terminal."""

from mlp.cli.moves import Moves


def test_a_part_is_told_when_it_has_moved_and_no_more_often():
    said = []
    moves = Moves(said.append, seconds=0)
    moves(["a: starting", "b: starting"])
    moves(["a: starting", "b: starting"])
    moves(["a: ready", "b: starting"])
    assert said == ["a: starting", "b: starting", "a: ready"]


def test_nothing_is_told_of_what_is_over_soon():
    said = []
    Moves(said.append, seconds=60)(["a: starting"])
    assert said == []
