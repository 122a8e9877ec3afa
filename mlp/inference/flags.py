"""Flags of `python -m mlp.inference`: every setting has one, which beats its environment variable."""

from __future__ import annotations

import ast
import inspect
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal, get_args, get_origin

from mlp.inference.settings import Settings, flag_of, variable_of


def with_flags(environment: Mapping[str, str], arguments: Sequence[str]) -> Mapping[str, str]:
    """Return `environment` as the command line's `arguments` change it; a yes-or-no flag alone means yes.

    Ends the process with exit code 2 and a sentence on stderr for a flag that there is not, with 0 for `--help`.
    """
    parser = ArgumentParser(
        prog="python -m mlp.inference",
        usage="%(prog)s [--help] [FLAG VALUE]...",
        description="Serve one version of one model. Each flag beats its variable, which stands in brackets.",
        allow_abbrev=False,
    )
    meanings = _meanings() if {"-h", "--help"} & set(arguments) else {}
    for name, field in Settings.model_fields.items():
        alone: dict[str, Any] = {"nargs": "?", "const": "true"} if field.annotation is bool else {}
        words = _words(name, meanings.get(name, ""))
        parser.add_argument(flag_of(name), dest=variable_of(name), metavar="VALUE", help=words, **alone)
    given = {variable: value for variable, value in vars(parser.parse_args(arguments)).items() if value is not None}
    return {**environment, **given}


def _words(setting: str, meaning: str) -> str:
    """Return what the help says of a setting, as argparse wants it: a percent sign stands twice."""
    field = Settings.model_fields[setting]
    choices = f" One of {', '.join(get_args(field.annotation))}." if get_origin(field.annotation) is Literal else ""
    default = "none" if field.default is None else str(field.default)
    default = default.lower() if isinstance(field.default, bool) else default
    words = f"{meaning}{choices} [{variable_of(setting)}, default {default}]"
    return words.replace("`", "").replace("%", "%%").strip()


def _meanings() -> Mapping[str, str]:
    """Return what stands below each setting in the class: only its source has that, so it is read for help alone."""
    described = next(
        node for node in ast.walk(ast.parse(inspect.getsource(Settings))) if isinstance(node, ast.ClassDef)
    )
    found = {}
    for field, below in pairwise(described.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            found[field.target.id] = " ".join(str(ast.literal_eval(below.value)).split())
    return found
