"""`mlp up`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.duration import Timeout, seconds_of
from mlp.cli.overview import platform_document, platform_text
from mlp.cli.session import Session


@command
def run(
    session: Session,
    *,
    local: Annotated[bool, typer.Option("--local", help="On this machine; the same as --target local.")] = False,
    port: Annotated[
        int | None, typer.Option("--port", metavar="N", min=1, max=65_535, help="Port of the registry, else 8000.")
    ] = None,
    model_port: Annotated[
        int | None,
        typer.Option("--model-port", metavar="N", min=1, max=65_535, help="First port for deployments, else 8001."),
    ] = None,
    timeout: Timeout = "60s",
) -> None:
    """Start the platform: the registry, and every model that was deployed before.

    It runs in the background until `mlp down`; running it again changes nothing.
    """
    target = session.target_to_start(local=local)
    session.screen.note(f"target: {target.describe()}")
    with session.screen.working("starting the platform"):
        platform = target.up(
            session.screen.step, timeout=seconds_of(timeout), registry_port=port, model_port=model_port
        )
    if port is not None and not platform.registry_url.endswith(f":{port}"):
        session.screen.warn(f"--port {port} takes effect after mlp down: the registry runs at {platform.registry_url}")
    session.emit(platform_document(platform), lambda: platform_text(platform))
    if not platform.deployments:
        session.screen.next("demo", "model push MODEL.joblib --name NAME --sample ROWS.csv")
