"""Handing a ModelDeployment to the target, and waiting until the model really answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlp.errors import Failed

if TYPE_CHECKING:
    from mlp.api.deployment import ModelDeployment
    from mlp.cli.session import Session


def deploy(session: Session, document: ModelDeployment, *, wait: bool, timeout: float) -> ModelDeployment:
    """Apply `document`; with `wait`, return once a request is answered by the version that it names.

    `timeout` is in seconds. Raises NotFound when the registry has no such version (nothing is applied then), Failed
    with the reason when the new version cannot be served, and DeadlineExceeded.
    """
    name, spec = document.metadata.name, document.spec
    session.registry.version(spec.model_name, spec.model_version)
    applied = session.target.apply(document)
    for note in session.target.not_applied(applied):
        session.screen.note(note)
    if not wait:
        return applied
    wanted = f"{spec.model_name}:{spec.model_version}"
    with session.screen.working(f"{name}: waiting for {wanted} to answer"):
        ready = session.target.wait_ready(applied, session.screen.detail, timeout=timeout)
        served = session.model_server(name).metadata()
    answers = f"{served.name}:{served.version}"
    if answers != wanted:
        raise Failed(f"{name} answers with {answers}, not with {wanted}", details={"name": name})
    session.screen.step(f"{name} answers with {answers}")
    return ready
