"""What `mlp check` found, as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from mlp.cli.catalogue import KNOWN
from mlp.cli.table import Table

if TYPE_CHECKING:
    from mlp.cli.session import Session
    from mlp.targets.kubernetes.preflight import Check

_NOT_READY = 3


def checks_table(checks: Sequence[Check]) -> Table:
    """Return a line a check."""
    return Table(("CHECK", "OK", "FOUND"), [(each.name, "yes" if each.ok else "no", each.words) for each in checks])


def failing(session: Session, checks: Sequence[Check]) -> None:
    """Say how to mend each check that failed, and exit with 3; return when none did."""
    failed = [check for check in checks if not check.ok]
    for check in failed:
        entry = KNOWN[check.code or "cluster_not_ready"]
        session.screen.failure(entry.code, f"{check.name}: {check.words}", entry.fix)
    if failed:
        raise typer.Exit(_NOT_READY)
