"""The settings, as the page, the flags and the code have them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mlp
from mlp.errors import Invalid
from mlp.inference.flags import with_flags
from mlp.inference.settings import Settings, flag_of, variable_of

PAGE = Path(mlp.__file__).parents[1] / "docs" / "serving.md"
MODEL = {"MLP_MODEL_NAME": "iris", "MLP_MODEL_VERSION": "1", "MLP_REGISTRY_URL": "http://127.0.0.1:8000"}
HOSTS = "must be names or addresses of hosts, without http://, ports and *"


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


def test_help_tells_the_meaning_and_the_default_of_every_flag(capsys):
    with pytest.raises(SystemExit) as ended:
        with_flags({}, ["--help"])
    assert ended.value.code == 0
    words = " ".join(capsys.readouterr().out.partition("options:")[2].split())
    for name, field in Settings.model_fields.items():
        told = re.search(rf"{flag_of(name)} \[?VALUE\]? (.*?) \[{variable_of(name)}, default ([^]]*)\]", words)
        assert told is not None, name
        assert len(told[1].split()) >= 4, name
        assert told[2] == str(field.default).lower()


@pytest.mark.parametrize("flag", ["--otel", "--allow-open"])
def test_a_yes_or_no_flag_alone_means_yes(flag):
    def value(*arguments):
        settings = Settings.from_environment(with_flags(MODEL, arguments))
        return getattr(settings, flag.strip("-").replace("-", "_"))

    assert (value(), value(flag), value(flag, "--port", "1")) == (False, True, True)
    assert (value(flag, "false"), value(f"{flag}=true")) == (False, True)


@pytest.mark.parametrize("level", ["DEBUG", "Debug", "debug"])
def test_a_level_is_taken_in_any_case(level):
    assert Settings.from_environment(with_flags(MODEL, ["--log-level", level])).log_level == "debug"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("port", "many", "must be a whole number"),
        ("port", "80.5", "must be a whole number"),
        ("port", "70000", "must be 65535 or less"),
        ("max_rows", "0", "must be 1 or more"),
        ("batch_wait_ms", "soon", "must be a number"),
        ("drain_seconds", "nan", "must be a number"),
        ("request_timeout_seconds", "0", "must be more than 0"),
        ("otel", "maybe", "must be true or false"),
        ("log_level", "loud", "must be 'debug', 'info', 'warning' or 'error'"),
        ("registry_url", "registry:8000", "must begin with http:// or https://"),
        ("model_digest", "abc", "must be 64 hexadecimal digits, a to f in small letters"),
        ("model_name", "Iris!", "must be small letters, digits and hyphens, a letter first and no hyphen last"),
        ("model_name", "a" * 51, "must have 50 characters or fewer"),
        ("allowed_hosts", "http://models.example", HOSTS),
        ("allowed_hosts", "b.example, models.example:8001", HOSTS),
        ("allowed_hosts", "*.example", HOSTS),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(name, value, words):
    with pytest.raises(Invalid) as caught:
        Settings.from_environment(with_flags(MODEL, [flag_of(name), value]))
    assert caught.value.message == f"{variable_of(name)} ({flag_of(name)}): {words}"


@pytest.mark.parametrize("arguments", [["--prt", "1"], ["--port"], ["8001"]])
def test_a_flag_that_there_is_not_ends_the_process(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        with_flags({}, arguments)
    assert ended.value.code == 2
    assert "usage: python -m mlp.inference" in capsys.readouterr().err


def test_a_wrong_flag_is_named_as_its_variable():
    with pytest.raises(Invalid, match="MLP_PORT"):
        Settings.from_environment(with_flags(MODEL, ["--port", "many"]))


@pytest.mark.parametrize(
    "names", ["localhost", "10.0.0.7", "fe80::1", "::ffff:10.0.0.7", "xn--mnchen-3ya.example", "a_b"]
)
def test_names_and_addresses_can_be_allowed(names):
    assert Settings.from_environment({**MODEL, "MLP_ALLOWED_HOSTS": names.upper()}).allowed_hosts == (names,)
