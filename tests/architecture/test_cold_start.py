"""The command line starts light: what a command needs is imported inside it."""

import os
import subprocess
import sys

import pytest

HEAVY = ("kubernetes", "sklearn", "skl2onnx", "onnx", "onnxruntime", "fastapi", "sqlmodel", "numpy", "pandas")
LIGHT_COMMANDS_SPARE = (*HEAVY, "pydantic", "httpx", "rich")


def modules_after(code: str) -> set[str]:
    script = (
        f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    )
    spared = {"XDG_CONFIG_HOME": os.devnull, "MLP_HOME": os.devnull}  # a configuration of whoever runs the tests
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | spared)
    return set(ran.stderr.split("\n"))


def test_importing_the_command_line_loads_nothing_heavy():
    loaded = modules_after("import mlp.cli.app")
    assert "mlp.cli.app" in loaded
    assert not loaded & set(HEAVY)


def test_importing_mlp_in_a_notebook_loads_nothing_heavy():
    assert not modules_after("import mlp") & set(LIGHT_COMMANDS_SPARE)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["version"], ["version", "-o", "json"], ["model", "-h"]]
)
def test_help_and_version_need_typer_alone(arguments):
    loaded = modules_after(f"sys.argv = ['mlp', *{arguments!r}]; from mlp.cli.app import main; main()")
    assert "typer" in loaded
    assert not loaded & set(LIGHT_COMMANDS_SPARE)


def test_root_help_imports_no_command():
    loaded = modules_after("sys.argv = ['mlp', '--help']; from mlp.cli.app import main; main()")
    assert not [name for name in loaded if name.startswith("mlp.cli.commands")]


def test_completion_needs_not_even_typer():
    loaded = modules_after(
        "sys.argv = ['mlp', '__complete', 'bash', 'mlp logs ']; from mlp.cli.app import main; main()"
    )
    assert "mlp.cli.completion.names" in loaded
    assert not loaded & {*LIGHT_COMMANDS_SPARE, "typer", "subprocess", "tomllib", "asyncio"}
