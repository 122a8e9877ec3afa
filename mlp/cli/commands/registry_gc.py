"""`mlp registry gc`."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from mlp.api.upkeep import MAX_GRACE, CollectionDocument
from mlp.cli.command import command
from mlp.cli.duration import seconds_of
from mlp.cli.session import Session
from mlp.cli.text import age, columns, size
from mlp.errors import Failed, Invalid


@command
def run(
    session: Session,
    *,
    delete: Annotated[bool, typer.Option("--delete", help="Delete what was found; asks first.")] = False,
    grace: Annotated[
        str, typer.Option("--grace", metavar="DURATION", help="Leave alone what is younger: 24h, 30m.")
    ] = "24h",
) -> None:
    """Show the blobs that no version uses; --delete deletes them. Versions whose blob is damaged are named too.

    Deleting a version frees its blob, and the registry deletes it within the hour once it is a day old. What a crash
    left in the store without a row goes by this command alone.
    """
    seconds = _seconds_of(grace)
    with session.screen.working("looking through the store"):
        report = session.catalog.unused(seconds)
    if delete and report["unused_count"]:
        session.confirm(f"Delete {_amount(report)}?")
        with session.screen.working("deleting"):
            report = _deleted(session, seconds)
    session.emit(report, lambda: _text(report))
    if report["unused_count"] and report["dry_run"]:
        session.screen.note("nothing was deleted; --delete does it")
    if report["damaged"]:
        named = ", ".join(f"{each['name']}:{each['version']} ({each['problem']})" for each in report["damaged"][:5])
        more = " …" if report["damaged_count"] > 5 else ""
        raise Failed(f"versions without their blob: {named}{more}", code="versions_damaged")


def _seconds_of(grace: str) -> int:
    seconds = int(seconds_of(grace))
    if seconds > MAX_GRACE:
        raise Invalid(f"--grace {grace} is more than ten years", code="invalid_option")
    return seconds


def _deleted(session: Session, grace_seconds: int) -> CollectionDocument:
    from mlp.api.collection import CollectionRequest

    report = session.registry.collect(CollectionRequest(dry_run=False, grace_seconds=grace_seconds))
    return cast(CollectionDocument, report.model_dump(mode="json"))


def _amount(report: CollectionDocument) -> str:
    count = report["unused_count"]
    return f"{count} blob{'' if count == 1 else 's'} ({size(report['unused_bytes'])})"


def _text(report: CollectionDocument) -> str:
    if not report["unused_count"]:
        return "no unused blobs"
    table = columns(
        ("SHA256", "SIZE", "SINCE", "ROW"),
        [(b["sha256"], size(b["size"]), age(b["since"]), "yes" if b["known"] else "no") for b in report["unused"]],
    )
    return f"{table}\n{_amount(report)} {'would go' if report['dry_run'] else 'deleted'}"
