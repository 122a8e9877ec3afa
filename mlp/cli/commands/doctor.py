"""`mlp doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", metavar="FILE", help="Write what a bug report needs to a new .tar.gz.")
    ] = None,
) -> None:
    """Look for what is wrong: installation, settings, state folder, disk, platform, deployments.

    It looks only. Exit code 3 when something is wrong. A bundle holds versions, settings, state and the ends of logs;
    tokens and passwords are taken out, models and golden rows are never in it. What it holds is listed first.
    """
    from mlp.cli.checkup import checkup_table, failing, findings
    from mlp.cli.text import size

    with session.screen.working("looking"):
        found = list(findings(session))
    document = [each.document() for each in found]
    session.emit(document, lambda: checkup_table(found))
    if bundle is not None:
        from mlp.cli.bug_bundle import contents_of, write_bundle

        files = contents_of(session, document)
        for name, content in files.items():
            session.screen.note(f"{name}   {size(len(content))}")
        session.screen.step(f"{bundle}: {len(files)} files, {size(write_bundle(bundle, files))}")
        return
    failure = failing(found)
    if failure is not None:
        raise failure
