"""The settings, as the page, the flags and the code have them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mlp
from mlp.errors import Invalid
from mlp.inference.flags import flag_of, variable_of, with_flags
from mlp.inference.settings import Settings

PAGE = Path(mlp.__file__).parents[1] / "docs" / "serving.md"
MODEL = {"MLP_MODEL_NAME": "iris", "MLP_MODEL_VERSION": "1", "MLP_REGISTRY_URL": "http://127.0.0.1:8000"}


def test_the_page_lists_every_setting_with_its_default():
    table = PAGE.read_text(encoding="utf-8").partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(MLP_\w+)` \| ([^|]*) \|", table, re.MULTILINE)
    listed = {variable: default.partition(";")[0].strip("` ") for variable, default in rows}
    assert len(rows) == len(listed)
    defaults = {variable_of(name): str(field.default).lower() for name, field in Settings.model_fields.items()}
    assert listed == {variable: default.removesuffix(".0") for variable, default in defaults.items()}


def test_a_flag_beats_its_variable():
    environment = with_flags({**MODEL, "MLP_PORT": "1"}, ["--port", "0", "--max-rows", "7", "--log-level", "debug"])
    settings = Settings.from_environment(environment)
    assert (settings.port, settings.max_rows, settings.log_level, settings.model_name) == (0, 7, "debug", "iris")


def test_help_lists_every_flag(capsys):
    with pytest.raises(SystemExit) as ended:
        with_flags({}, ["--help"])
    assert ended.value.code == 0
    words = capsys.readouterr().out
    assert [name for name in Settings.model_fields if f"{flag_of(name)} VALUE" not in words] == []


@pytest.mark.parametrize("arguments", [["--prt", "1"], ["--port"], ["8001"]])
def test_a_flag_that_there_is_not_ends_the_process(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        with_flags({}, arguments)
    assert ended.value.code == 2
    assert "usage: python -m mlp.inference" in capsys.readouterr().err


def test_a_wrong_flag_is_named_as_its_variable():
    with pytest.raises(Invalid, match="MLP_PORT"):
        Settings.from_environment(with_flags(MODEL, ["--port", "many"]))
