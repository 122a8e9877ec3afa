"""`mlp demo`."""

from __future__ import annotations

from mlp.cli.command import command
from mlp.cli.duration import Timeout, seconds_of
from mlp.cli.session import Session


@command
def run(session: Session, timeout: Timeout = "60s") -> None:
    """Train, push, deploy and query four sample models, and leave them running.

    Every step is one that you can take by hand: the platform is started, each model is converted to ONNX and proved
    equal to scikit-learn's, registered, deployed and asked; then a second version of iris replaces the first.
    """
    from mlp.cli import demo

    target = session.target_to_start()
    session.screen.note(f"target: {target.describe()}")
    with session.screen.working("starting the platform"):
        target.up(session.screen.step, timeout=seconds_of(timeout), wrong=session.failed)
    served = demo.serve_samples(session, timeout=seconds_of(timeout))
    session.emit(served, lambda: demo.overview(served))
