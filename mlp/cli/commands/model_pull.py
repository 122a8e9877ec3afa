"""`mlp model pull`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.errors import Precondition


def run_pull(
    session: Session,
    *,
    reference: Annotated[str, typer.Argument(metavar="NAME[:VERSION|@ALIAS]", help="As in iris:2 or iris@production.")],
    file: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to write it, else NAME-VERSION.onnx.")
    ] = None,
) -> None:
    """Fetch the ONNX graph of a version; its digest is verified before the file appears.

    A file that holds another graph is replaced only after a question, or with --yes.
    """
    import hashlib

    from mlp.api.reference import ModelRef
    from mlp.cli.text import size

    version = session.version_of(ModelRef.parse(reference))
    target = file or Path(f"{version.name}-{version.version}.onnx")
    if target.is_dir():
        target /= f"{version.name}-{version.version}.onnx"
    if target.is_file():
        with target.open("rb") as there:
            digest = hashlib.file_digest(there, "sha256").hexdigest()
        if digest == version.sha256:
            session.screen.step(f"{target} is {version.ref} already")
            typer.echo(str(target))
            return
        session.confirm(f"Replace {target}, which holds something else?")
    try:
        with session.screen.sending(f"fetching {version.ref}", version.size, then="verified") as progress:
            session.registry.download(version, target, progress=progress)
    except OSError as error:
        raise Precondition(f"{target} cannot be written: {error.strerror}", code="file_unwritable") from error
    session.screen.step(f"{version.ref}, {size(version.size)}, file sha256 {version.sha256}")
    session.screen.note(f"its digest {version.digest[:12]} is of the file, the signature and the receipt together")
    typer.echo(str(target))


run = command(run_pull, without=("output", "fields"))
