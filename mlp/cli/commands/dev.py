"""`mlp dev`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.duration import Timeout, seconds_of
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A .joblib, .pkl or .onnx file that you save again.")],
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="To serve it under, else the file's, with -dev.")
    ] = None,
    sample: Annotated[
        Path | None, typer.Option("--sample", metavar="FILE", help="Rows to prove it on: CSV, JSON, Parquet, .npy.")
    ] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Open the pickle without asking.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Serve what is there now, and end.")] = False,
    timeout: Timeout = "60s",
) -> None:
    """Serve a model file, and serve it anew whenever it is saved.

    Each save is converted, proved and deployed; requests are answered all the while. A save that cannot be converted,
    proved or served is told, and the one before goes on answering. The platform is started if it does not run.
    """
    from mlp.cli import dev
    from mlp.cli.pushing import check_source

    seconds = seconds_of(timeout)
    work = dev.Work(path, dev.name_for(path, name), sample, seconds)
    check_source(session, str(path), trust=trust)
    target = session.target_to_start()
    session.screen.note(f"target: {target.describe()}")
    with session.screen.working("starting the platform"):
        target.up(session.screen.detail, timeout=seconds)
    if once:
        dev.serve_once(session, work)
        return
    dev.keep_serving(session, work)
