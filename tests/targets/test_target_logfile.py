import json

import pytest

from mlp.errors import NotFound
from mlp.targets.logfile import read_log


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "iris.log"
    path.write_text("one\ntwo\nthree\n")
    return path


@pytest.mark.parametrize(("tail", "lines"), [(None, ["one", "two", "three"]), (2, ["two", "three"]), (0, [])])
def test_the_last_lines_are_read(log, tail, lines):
    assert list(read_log(log, tail, follow=False)) == lines


def test_lines_are_followed_as_they_are_finished(log):
    lines = read_log(log, 1, follow=True)
    assert next(lines) == "three"
    with log.open("a") as file:
        file.write("fo")
        file.flush()
        file.write("ur\nfive\n")
    assert [next(lines), next(lines)] == ["four", "five"]
    lines.close()


def test_a_log_that_is_put_aside_is_followed_into_the_new_one(log):
    lines = read_log(log, 1, follow=True)
    assert next(lines) == "three"
    with log.open("a") as file:
        file.write("last\n")
    log.replace(log.with_name("iris.log.1"))
    log.write_text("first\n")
    assert [next(lines), next(lines)] == ["last", "first"]
    lines.close()


def test_a_log_that_was_copied_and_emptied_is_followed_without_a_gap(log):
    lines = read_log(log, 1, follow=True)
    assert next(lines) == "three"
    with log.open("a") as file:
        file.write("la")
    aside = log.with_name("iris.log.1")
    aside.write_bytes(log.read_bytes() + b"st\nvery last\n")
    log.write_text("")
    assert [next(lines), next(lines)] == ["last", "very last"]
    log.write_text("first\n")
    assert next(lines) == "first"
    lines.close()


@pytest.mark.parametrize(("tail", "count"), [(None, 7), (5, 5), (3, 3), (0, 0)])
def test_what_was_put_aside_belongs_to_the_log(log, tail, count):
    log.with_name("iris.log.1").write_text("minus one\nzero\n")
    log.with_name("iris.log.2").write_text("minus three\nminus two\n")
    every = ["minus three", "minus two", "minus one", "zero", "one", "two", "three"]
    assert list(read_log(log, tail, follow=False)) == every[len(every) - count :]


def test_bytes_that_are_not_text_are_shown_as_such(log):
    log.write_bytes(b"\xff\n")
    assert list(read_log(log, None, follow=False)) == ["\N{REPLACEMENT CHARACTER}"]


def test_a_log_that_does_not_exist_is_not_found(tmp_path):
    with pytest.raises(NotFound) as failed:
        read_log(tmp_path / "iris.log", None, follow=False)
    assert failed.value.code == "log_not_found"


def test_lines_before_a_moment_are_left_out_and_a_line_without_a_time_goes_with_the_one_before(tmp_path):
    path = tmp_path / "iris.log"
    old, new = (json.dumps({"time": f"{year}-01-01T00:00:00.000+00:00"}) for year in (2020, 2999))
    path.write_text(f"{old}\nTraceback\n{new}\nTraceback\n[1]\n")
    assert list(read_log(path, None, follow=False, since=60)) == [new, "Traceback", "[1]"]
    assert list(read_log(path, 1, follow=False, since=60)) == ["[1]"]
