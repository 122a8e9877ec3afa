"""Tables, durations and what a terminal may be sent."""

from datetime import UTC, datetime, timedelta

import pytest

from mlp.cli.duration import seconds_of
from mlp.cli.text import age, columns, printable, size
from mlp.errors import Invalid


def test_a_table_is_aligned_and_never_cut():
    digest = "f" * 64
    text = columns(("NAME", "DIGEST"), [("iris", digest), ("a-longer-name", "-")])
    assert text.split("\n") == ["NAME            DIGEST", f"iris            {digest}", "a-longer-name   -"]


def test_a_name_cannot_steer_the_terminal():
    assert "\x1b" not in printable("\x1b[31mred\x07\r\n\u202e")


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5m", 300), ("1h", 3600), ("30", 30), ("250ms", 0.25)])
def test_durations_are_read_as_people_write_them(text, seconds):
    assert seconds_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "soon", "-1s", "1w", "1e3"])
def test_other_durations_are_invalid(text):
    with pytest.raises(Invalid):
        seconds_of(text)


@pytest.mark.parametrize(
    ("count", "text"), [(5, "5 B"), (3_200, "3.1 KiB"), (5 << 20, "5.0 MiB"), (3 << 30, "3.0 GiB")]
)
def test_sizes_have_a_unit(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5s"), (119, "119s"), (600, "10m"), (3 * 3600, "3h"), (90_000, "1d")]
)
def test_ages_are_short(seconds, text):
    assert age(datetime.now(UTC) - timedelta(seconds=seconds)) == text
    assert age(None) == "-"
