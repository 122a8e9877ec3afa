"""`mlp completion`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.completion.scripts import HINTS, SCRIPTS
from mlp.cli.nearest import nearest
from mlp.cli.session import Session
from mlp.errors import Invalid


@command
def run(
    session: Session,
    *,
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="Your shell.")],
) -> None:
    """Print what makes TAB complete commands, options, deployments, models, versions and features.

    \b
      eval "$(mlp completion bash)"                                    in ~/.bashrc
      eval "$(mlp completion zsh)"                                     in ~/.zshrc, below compinit
      mlp completion fish > ~/.config/fish/completions/mlp.fish
    """
    if shell not in SCRIPTS:
        raise Invalid(f"{shell!r} is not bash, zsh or fish{nearest(shell, SCRIPTS)}", code="invalid_option")
    typer.echo(SCRIPTS[shell], nl=False)
    if session.screen.live:
        session.screen.note(HINTS[shell])
