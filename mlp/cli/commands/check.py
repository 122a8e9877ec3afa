"""`mlp check`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.errors import Invalid


@command
def run(
    session: Session,
    *,
    pre: Annotated[bool, typer.Option("--pre", help="Only what `mlp up` needs; nothing has to run yet.")] = False,
) -> None:
    """Check whether a cluster is ready for the platform, and whether the platform on it is whole.

    It looks only, and changes nothing. Exit code 3 when something is not ready.
    """
    from mlp.cli.checking import checks_table, failing
    from mlp.targets.kubernetes.target import KubernetesTarget

    target = session.target_to_start()
    session.screen.note(f"target: {target.describe()}")
    if not isinstance(target, KubernetesTarget):
        raise Invalid("mlp check is for a cluster: name one with --context NAME", code="invalid_option")
    checks = list(target.installation.check())
    if not pre and checks[0].ok:
        checks += target.installation.check_running()
    session.emit(
        [{"name": check.name, "ok": check.ok, "message": check.words} for check in checks], lambda: checks_table(checks)
    )
    failing(session, checks)
