"""A log that is put aside while it is written loses nothing, and neither does who follows it."""

import subprocess
import sys
import threading
import time

import pytest

from mlp.client.own_log import is_written
from mlp.local.logs import rotate
from mlp.targets.logfile import read_log

WRITER = """
import os, select, sys
from pathlib import Path
from mlp.client.own_log import OwnLog

OwnLog.keep(Path(sys.argv[1]), 0.02)
number = 0
while not select.select([0], [], [], 0)[0]:
    for _ in range(100):
        os.write(2, b"%d\\n" % number)
        number += 1
print(number)
"""
SECONDS = 30


def until(condition):
    give_up = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < give_up, "it did not come true in time"
        time.sleep(0.002)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "iris.log"
    path.write_text("begin\n")
    return path


@pytest.fixture
def writer(log):
    """A process that writes numbers, one a line and as fast as it can, until its standard input is closed."""
    with (
        log.open("ab") as stderr,
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(log)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
        ) as process,
    ):
        yield process
        process.kill()


def is_being_written(log):
    with log.open("rb") as file:
        return is_written(file.fileno())


def test_no_line_is_lost_however_fast_they_come_and_who_follows_gets_each(log, writer):
    followed = []

    def follow():
        for line in read_log(log, None, follow=True):
            if line == "end":
                return
            followed.append(line)

    until(lambda: is_being_written(log))
    reader = threading.Thread(target=follow)
    reader.start()
    for _ in range(3):
        until(lambda: log.stat().st_size > 10_000 and is_being_written(log))
        assert rotate(log, 10_000)
    until(lambda: log.stat().st_size > 10_000)
    written, _ = writer.communicate(timeout=SECONDS)
    with log.open("a") as file:
        file.write("end\n")
    reader.join(SECONDS)
    expected = ["begin", *map(str, range(int(written)))]
    assert list(read_log(log, None, follow=False)) == [*expected, "end"]
    assert followed == expected


def test_a_log_of_a_process_that_does_not_go_on_is_copied(log):
    with log.open("ab", buffering=0) as stranger:
        assert rotate(log, 1)
        stranger.write(b"later\n")
    assert log.with_name("iris.log.1").read_text() == "begin\n"
    assert log.read_text() == "later\n"
