"""Handing a ModelDeployment to the target, and waiting until the model really answers."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from mlp.cli.overview import asked_for
from mlp.cli.waiting import wait_ready
from mlp.errors import Failed
from mlp.targets.ready import is_ready

if TYPE_CHECKING:
    from mlp.api.deployment import ModelDeployment
    from mlp.api.documents import DeploymentDocument
    from mlp.cli.session import Session


def deploy(
    session: Session,
    document: ModelDeployment,
    *,
    cause: str,
    wait: bool,
    timeout: float,
    registered: bool = False,
) -> DeploymentDocument:
    """Apply `document`; with `wait`, return once a request is answered by the version that it names.

    `cause` is the command that asks for it, `timeout` in seconds. The registry is asked for the version first, unless
    it is known to be `registered`. Raises NotFound when there is none (nothing is applied then), Failed with the
    reason when the new version cannot be served, and DeadlineExceeded.
    """
    name, spec = document.metadata.name, document.spec
    if not registered:
        session.catalog.version(spec.model_name, spec.model_version)
    applied = session.target.apply(document.caused(cause, by=author()))
    for note in session.target.not_applied(document):
        session.screen.note(note)
    if not wait:
        return applied
    ready = wait_ready(session, applied, timeout=timeout)
    if not is_ready(ready):  # it rests, as its spec has it
        return ready
    served = session.model_server(name).ready()  # which wants no API key
    wanted, answers = f"{spec.model_name}:{spec.model_version}", f"{spec.model_name}:{served['version']}"
    if answers != wanted:
        raise Failed(f"{name} answers with {answers}, not with {wanted}", details={"name": name})
    session.screen.step(f"{name} answers with {answers}")
    return ready


def deployment_line(deployment: DeploymentDocument) -> str:
    """Return name, version and URL of a deployment in one line."""
    url = (deployment.get("status") or {}).get("url") or "-"
    return f"{deployment['metadata']['name']}   {asked_for(deployment)}   {url}"


def author() -> str:
    """Return who runs this command, as the system knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
