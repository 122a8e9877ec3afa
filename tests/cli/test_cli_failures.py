"""Every failure has a code, a cause, a fix and an exit code."""

import inspect
import re
import subprocess
import sys

import pytest

from mlp import errors
from mlp.cli.catalogue import GENERIC, KNOWN
from mlp.cli.failures import exit_code_of, known_of

ENTRIES = {**KNOWN, **GENERIC}
KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.MlpError)]


def test_codes_are_unique_and_well_formed():
    codes = [entry.code for entry in ENTRIES.values()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"MLP\d{4}", code) for code in codes)


@pytest.mark.parametrize("key", sorted(ENTRIES))
def test_an_entry_has_a_title_a_cause_and_a_fix_on_one_line_each(key):
    entry = ENTRIES[key]
    for text in (entry.title, entry.cause, entry.fix_for({})):
        assert text.strip()
        assert "\n" not in text
    assert not re.search(r"[{}]", entry.fix_for({}))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not errors.MlpError])
def test_every_class_of_error_has_an_exit_code_and_an_entry(kind):
    error = kind("something", code="a_code_that_nobody_catalogued")
    assert exit_code_of(error) in {1, 2, 3, 4, 5, 6, 7, 8}
    assert known_of(error).code.startswith("MLP9")


def test_a_fix_names_the_facts_of_the_failure():
    error = errors.NotFound("model iris has no version 7", code="version_not_found", details={"name": "iris"})
    assert known_of(error).fix_for(error.details) == "mlp model ls iris"


@pytest.mark.parametrize("arguments", [["--help"], ["version"], ["explain", "-o", "json"]])
def test_a_full_disk_behind_stdout_is_one_line(arguments):
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
        ran = subprocess.run(
            [sys.executable, "-m", "mlp", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ran.returncode == 1
    assert "MLP0006" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_reader_that_has_seen_enough_is_no_failure():
    ran = subprocess.run(
        f"set -o pipefail; {sys.executable} -m mlp explain | head -1",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.startswith("CODE")
    assert ran.stderr == ""
