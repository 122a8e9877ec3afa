"""Waiting for a deployment, where somebody watches."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from mlp.cli.overview import asked_for
from mlp.errors import DeadlineExceeded, NotFound

if TYPE_CHECKING:
    from mlp.api.documents import DeploymentDocument
    from mlp.cli.session import Session

_LOOK_SECONDS = 0.2


def wait_ready(session: Session, deployment: DeploymentDocument, *, timeout: float) -> DeploymentDocument:
    """Wait until what the deployment asks for answers, telling each state; raises as `Target.wait_ready` does."""
    name = deployment["metadata"]["name"]
    session.meanwhile = f"{name} goes on starting: mlp wait {name}"
    with session.screen.working(f"{name}: waiting for {asked_for(deployment)} to answer") as watch:

        def tell(state: str) -> None:
            watch([state])
            session.screen.detail(state)

        ready = session.target.wait_ready(deployment, tell, timeout=timeout)
    session.meanwhile = ""
    return ready


def wait_deleted(session: Session, name: str, *, timeout: float) -> None:
    """Wait until there is no deployment of that name. Raises DeadlineExceeded."""
    deadline = time.monotonic() + timeout
    with session.screen.working(f"waiting until {name} is gone"), suppress(NotFound):
        while True:
            session.target.get(name)
            if time.monotonic() > deadline:
                raise DeadlineExceeded(f"{name} is still there after {timeout:g} s", details={"name": name})
            time.sleep(_LOOK_SECONDS)
