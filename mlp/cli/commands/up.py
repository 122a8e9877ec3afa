"""`mlp up`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlp.cli.command import command
from mlp.cli.duration import Timeout, seconds_of
from mlp.cli.overview import platform_document, platform_table
from mlp.cli.session import Session
from mlp.errors import Failed, Invalid

if TYPE_CHECKING:
    from mlp.targets import Platform, Target

_CLUSTER = "On a cluster"

Port = Annotated[int | None, typer.Option("--port", metavar="N", min=1, max=65_535, help="Of the registry, else 8000.")]
ModelPort = Annotated[
    int | None,
    typer.Option("--model-port", metavar="N", min=1, max=65_535, help="First for deployments, else 8001."),
]


def _on_a_cluster(metavar: str, text: str) -> Any:
    return typer.Option(metavar=metavar, help=text, rich_help_panel=_CLUSTER)


DatabaseUrl = Annotated[str | None, _on_a_cluster("URL", "Your PostgreSQL: postgresql://USER@HOST:PORT/DATABASE.")]
S3Endpoint = Annotated[str | None, _on_a_cluster("URL", "Your S3: https://HOST:PORT.")]
S3Bucket = Annotated[str | None, _on_a_cluster("NAME", "The bucket for models, else models.")]
Only = Annotated[str | None, _on_a_cluster("A,B", "These components alone.")]
ImageRegistry = Annotated[str | None, _on_a_cluster("HOST/PATH", "Where nodes pull the platform's images.")]
DryRun = Annotated[str | None, _on_a_cluster("server", "Let the API server judge it; keep nothing.")]
Build = Annotated[
    bool,
    typer.Option(
        "--build/--no-build",
        help="Build what is out of date, and copy it to nodes.",
        rich_help_panel=_CLUSTER,
    ),
]
Export = Annotated[bool, typer.Option("--export", help="Print the objects, apply nothing.", rich_help_panel=_CLUSTER)]


@command
def run(
    session: Session,
    *,
    local: Annotated[bool, typer.Option("--local", help="On this machine; the same as --target local.")] = False,
    port: Port = None,
    model_port: ModelPort = None,
    database_url: DatabaseUrl = None,
    s3_endpoint: S3Endpoint = None,
    s3_bucket: S3Bucket = None,
    only: Only = None,
    image_registry: ImageRegistry = None,
    build: Build = True,
    export: Export = False,
    dry_run: DryRun = None,
    timeout: Timeout = "5m",
) -> None:
    """Start the platform: the registry, and every model that was deployed before.

    On this machine it runs in the background until `mlp down`; on a cluster its objects are applied. Running it again
    changes nothing. Exit code 1 when the platform runs and a deployment did not come back.
    """
    target = session.target_to_start(
        local=local,
        database_url=database_url,
        s3_endpoint=s3_endpoint,
        s3_bucket=s3_bucket,
        only=only,
        image_registry=image_registry,
    )
    session.screen.note(f"target: {target.describe()}")
    if export or dry_run is not None:
        _without_applying(session, target, dry_run)
        return
    if target.name != "local" and (port is not None or model_port is not None):
        raise Invalid("--port and --model-port are for this machine, not for a cluster", code="invalid_option")
    if build and image_registry is None:
        _bring_images(session, target)
    session.meanwhile = "what was started goes on: mlp up waits for it, mlp down ends it"
    with session.screen.working("starting the platform") as watch:
        platform = target.up(
            session.screen.step,
            timeout=seconds_of(timeout),
            registry_port=port,
            model_port=model_port,
            watch=watch,
            wrong=session.failed,
        )
    session.meanwhile = ""
    if port is not None and not platform.registry_url.endswith(f":{port}"):
        session.screen.warn(f"--port {port} takes effect after mlp down: the registry runs at {platform.registry_url}")
    session.emit(platform_document(platform), lambda: platform_table(platform))
    if platform.left_out:
        raise _not_back(platform)
    if not (platform.deployments or platform.damaged):
        session.screen.next("demo", "model push MODEL.joblib --name NAME --sample ROWS.csv")


def _not_back(platform: Platform) -> Failed:
    """Return what to end with when deployments did not come back."""
    names, all_ = platform.left_out, len(platform.deployments) + len(platform.damaged)
    words = f"the platform runs, but {len(names)} of {all_} deployments did not come back: {', '.join(names)}"
    return Failed(words, code="not_all_back", details={"name": names[0]})


def _bring_images(session: Session, target: Target) -> None:
    if target.name == "local":
        return
    from mlp.cli.bringing import bring_images
    from mlp.targets.kubernetes.target import KubernetesTarget

    if isinstance(target, KubernetesTarget):
        bring_images(session, target)


def _without_applying(session: Session, target: Target, dry_run: str | None) -> None:
    """Show what `up` would apply, or what the API server says of it."""
    from mlp.targets.kubernetes.target import KubernetesTarget

    if not isinstance(target, KubernetesTarget):
        raise Invalid("--export and --dry-run are for a cluster, and the target is local", code="invalid_option")
    if dry_run is None:
        import yaml

        typer.echo(yaml.safe_dump_all(target.installation.objects(), sort_keys=False), nl=False)
        return
    if dry_run != "server":
        raise Invalid("--dry-run takes 'server'; see also --export", code="invalid_option")
    changes = target.installation.try_out()
    session.emit(
        {"created": changes.created, "changed": changes.changed, "unchanged": changes.unchanged},
        lambda: "\n".join([*(f"+ {name}" for name in changes.created), *(f"~ {name}" for name in changes.changed)]),
    )
    session.screen.note(f"the API server would take it: {changes.words()}")
