"""Flags of `python -m mlp.inference`: every setting has one, which beats its environment variable."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence

from mlp.inference.settings import PREFIX, Settings


def with_flags(environment: Mapping[str, str], arguments: Sequence[str]) -> Mapping[str, str]:
    """Return `environment` as the command line's `arguments` change it.

    Ends the process with exit code 2 and a sentence on stderr for a flag that there is not, with 0 for `--help`.
    """
    parser = ArgumentParser(
        prog="python -m mlp.inference",
        description="Serve one version of one model. Each flag is a setting, as the variable in brackets is.",
        allow_abbrev=False,
    )
    for name in Settings.model_fields:
        parser.add_argument(flag_of(name), dest=variable_of(name), metavar="VALUE", help=f"[{variable_of(name)}]")
    given = {variable: value for variable, value in vars(parser.parse_args(arguments)).items() if value is not None}
    return {**environment, **given}


def flag_of(setting: str) -> str:
    """Return the flag of a setting, as in `--grpc-port`."""
    return f"--{setting.replace('_', '-')}"


def variable_of(setting: str) -> str:
    """Return the environment variable of a setting, as in `MLP_GRPC_PORT`."""
    return PREFIX + setting.upper()
