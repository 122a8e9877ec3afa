"""`mlp test`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.duration import Timeout, seconds_of
from mlp.cli.session import Session
from mlp.errors import Failed


@command
def run(
    session: Session,
    *,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write the cases as JUnit XML as well.")
    ] = None,
    timeout: Timeout = "2m",
) -> None:
    """Push, deploy and ask two sample models, and compare every answer with their receipts.

    The models stay; a second run finds them there. Exit code 1 when something does not hold.
    """
    from mlp.cli import smoke
    from mlp.cli.table import Table

    session.screen.note(f"target: {session.target.describe()}")
    cases = smoke.SmokeTest(session, timeout=seconds_of(timeout)).run()
    if junit is not None:
        junit.write_text(smoke.junit(cases), encoding="utf-8")
    session.emit(
        [
            {"name": case.name, "ok": case.failure is None, "seconds": round(case.seconds, 3), "message": case.found}
            for case in cases
        ],
        lambda: Table(
            ("CASE", "OK", "SECONDS", "FOUND"),
            [(case.name, "no" if case.failure else "yes", f"{case.seconds:.1f}", case.found) for case in cases],
        ),
    )
    first = next((case.failure for case in cases if case.failure is not None), None)
    if first is not None:
        failed = sum(case.failure is not None for case in cases)
        raise Failed(f"{failed} of {len(cases)} failed: {first.message}", code=first.code, details=first.details)
