"""What makes a function a command: the shared flags, and one place where failures end."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from contextlib import closing
from typing import Annotated, Any

import typer

from mlp.cli.failures import ending
from mlp.cli.lazy import SHARED_PANEL
from mlp.cli.output import Format
from mlp.cli.session import Flags, Session


def _one_of(*allowed: str) -> Callable[[str | None], str | None]:
    def check(value: str | None) -> str | None:
        if value is not None and value not in allowed:
            raise typer.BadParameter(f"{value!r} is not one of {', '.join(allowed)}")
        return value

    return check


def _flag(*names: str, help: str, **more: Any) -> Any:  # noqa: A002 (Typer's own word)
    return typer.Option(*names, help=help, rich_help_panel=SHARED_PANEL, **more)


_SHARED: dict[str, tuple[Any, Any]] = {
    "target": (
        Annotated[
            str | None,
            _flag(
                "--target",
                metavar="local|kubernetes",
                help="Where to work; else MLP_TARGET, else what runs here.",
                callback=_one_of("local", "kubernetes"),
            ),
        ],
        None,
    ),
    "context": (
        Annotated[
            str | None,
            _flag("--context", metavar="NAME", help="Of the kubeconfig; the cluster to work on."),
        ],
        None,
    ),
    "namespace": (
        Annotated[
            str | None,
            _flag("-n", "--namespace", metavar="NAME", help="Of the cluster, else ml-platform."),
        ],
        None,
    ),
    "output": (Annotated[Format, _flag("-o", "--output", help="Format of the data on stdout.")], Format.TEXT),
    "fields": (
        Annotated[str | None, _flag("--fields", metavar="A,B", help="Only these fields of the data.")],
        None,
    ),
    "no_input": (Annotated[bool, _flag("--no-input", help="Never ask; fail instead (exit 7).")], False),
    "yes": (Annotated[bool, _flag("-y", "--yes", help="Agree to what would be asked.")], False),
    "quiet": (Annotated[bool, _flag("-q", "--quiet", help="Print data, warnings and failures only.")], False),
    "verbose": (Annotated[bool, _flag("-v", "--verbose", help="Say more.")], False),
    "debug": (Annotated[bool, _flag("--debug", help="Show the traceback of a failure.")], False),
    "color": (
        Annotated[
            str,
            _flag(
                "--color",
                metavar="auto|always|never",
                help="Colour; NO_COLOR counts too.",
                callback=_one_of("auto", "always", "never"),
            ),
        ],
        "auto",
    ),
}


def command(run: Callable[..., None], *, without: tuple[str, ...] = ()) -> Callable[..., None]:
    """Return `run` with the shared flags added and its failures turned into messages and exit codes.

    `run` takes a Session first and its own options after it. `without` names shared flags whose option it uses
    for a meaning of its own.
    """
    hints = typing.get_type_hints(run, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in list(inspect.signature(run).parameters.values())[1:]
    ]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in _SHARED.items()
        if name not in without
    ]

    def wrapper(**arguments: Any) -> None:
        given = {name: arguments.pop(name) if name not in without else _SHARED[name][1] for name in _SHARED}
        session = Session.open(Flags(**given))
        with closing(session), ending(session):
            run(session, **arguments)

    wrapper.__doc__ = run.__doc__
    wrapper.__name__ = run.__name__
    wrapper.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in [*own, *shared]}
    return wrapper
