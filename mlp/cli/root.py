"""The root of the command line: every command, behind Typer."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp import __version__
from mlp.cli.lazy import LazyGroup
from mlp.cli.tree import GROUPS, ROOT, Group

HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}
HELP = """From a trained model to a monitored endpoint.

\b
  mlp up                                   start the platform
  mlp model push iris.joblib --name iris   convert to ONNX, prove it, register iris:1
  mlp deploy iris --version 1              serve it; waits until it answers
  mlp predict iris -i petal_length=1.4 …   one prediction, by feature name
  mlp down                                 stop; data is kept

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not ready for it, 4 not allowed, 5 not found, 6 not in time,
7 not confirmed, 8 differences, 130 interrupted.
"""


def _group(name: str, group: Group) -> LazyGroup:
    below = {each: _group(each, found) for each, found in group.groups.items()}
    kind: type[LazyGroup] = type(name, (LazyGroup,), {"entries": group.entries, "groups": below})
    return kind(name=name, help=group.help, no_args_is_help=True, rich_markup_mode=None, context_settings=HELP_OPTIONS)


class Root(LazyGroup):
    """`mlp`."""

    entries = ROOT
    groups = {name: _group(name, group) for name, group in GROUPS.items()}


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mlp {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=Root,
    name="mlp",
    help=HELP,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP_OPTIONS,
)


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = (
        False
    ),
) -> None:
    """Take the options that stand before a command."""
