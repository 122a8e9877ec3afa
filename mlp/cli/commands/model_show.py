"""`mlp model show`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.cli.text import columns, printable, size

if TYPE_CHECKING:
    from mlp.api.documents import FeatureDocument, Moment, ReceiptDocument, VersionDocument


@command
def run(
    session: Session,
    *,
    reference: Annotated[
        str, typer.Argument(metavar="NAME[:VERSION|@ALIAS]", help="As in iris, iris:2 or iris@production.")
    ],
) -> None:
    """Show a version (the latest if none is named): signature, receipt, metrics."""
    from mlp.api.reference import ModelRef

    wanted = ModelRef.parse(reference)
    version = session.catalog.version(wanted.name, session.number_of(wanted))
    session.emit(version, lambda: version_text(version))


def version_text(version: VersionDocument) -> str:
    """Return what a person wants to know of a version."""
    outputs, source = version["signature"]["outputs"], version.get("source", {})
    classes, archived = outputs.get("classes"), version.get("archived_at")
    facts: list[tuple[str, Any]] = [
        ("version", f"{version['name']}:{version['version']}"),
        ("aliases", ", ".join(version.get("aliases", [])) or "-"),
        ("digest", version["digest"]),
        ("file sha256", version["sha256"]),
        ("size", size(version["size"])),
        ("created", _second(version["created_at"])),
        *([("archived", _second(archived))] if archived else []),
        ("source", " ".join(filter(None, (source.get("framework"), source.get("estimator")))) or "-"),
        ("task", outputs["task"]),
        ("classes", ", ".join(map(str, classes)) if classes else "-"),
        ("receipt", receipt_text(version["receipt"])),
        ("metrics", " ".join(f"{key}={value:.6g}" for key, value in version.get("metrics", {}).items()) or "-"),
        ("tags", " ".join(f"{key}={value}" for key, value in version.get("tags", {}).items()) or "-"),
        ("description", version.get("description") or "-"),
    ]
    head = "\n".join(f"{label:<12} {printable(str(value))}" for label, value in facts)
    features = columns(
        ("FEATURE", "TYPE", "MISSING", "SEEN AT TRAINING"),
        [
            (each["name"], each["dtype"], "allowed" if each.get("nullable") else "no", _seen(each))
            for each in version["signature"]["inputs"]
        ],
    )
    return f"{head}\n\n{features}"


def _second(moment: Moment) -> str:
    return datetime.fromisoformat(moment).isoformat(timespec="seconds")


def receipt_text(receipt: ReceiptDocument) -> str:
    """Return the receipt in one line: what was compared, and how well it agreed."""
    golden = receipt.get("golden")
    rows = f"{len(golden['features']) if golden else 0} golden rows"
    if receipt["rows"] == 0:
        return f"no original to compare with; {rows}"
    parts = [f"{receipt['rows']} rows compared ({receipt['sample']})"]
    agreement, difference = receipt.get("label_agreement"), receipt.get("max_abs_diff")
    if agreement is not None:
        parts.append(f"{agreement:.2%} labels equal")
    if difference is not None:
        parts.append(f"largest difference {difference:.2g}")
    return ", ".join([*parts, receipt.get("precision", "float32"), rows])


def _seen(feature: FeatureDocument) -> str:
    categories, low, high = feature.get("categories"), feature.get("minimum"), feature.get("maximum")
    if categories is not None:
        shown = ", ".join(categories[:5]) + (" …" if len(categories) > 5 else "")
        return shown + (" (no others)" if feature.get("closed") else "")
    if low is None or high is None:
        return "-"
    return f"{low:g} to {high:g}"
