"""`mlp registry migrate`."""

from __future__ import annotations

from mlp.cli.command import command
from mlp.cli.registry_process import run_registry
from mlp.cli.session import Session


@command
def run(session: Session) -> None:
    """Bring the database's schema up to date. A registry does so by itself when it starts; this does it ahead.

    Of this machine's platform, or of the registry whose settings (MLP_REGISTRY_DATA, DATABASE_URL …) the environment
    holds.
    """
    with session.screen.working("migrating"):
        run_registry(session, "migrate")
    session.emit({"migrated": True}, lambda: "")
    session.screen.step("the schema is up to date")
