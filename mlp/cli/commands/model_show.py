"""`mlp model show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.cli.text import columns, printable, size

if TYPE_CHECKING:
    from mlp.api.model import ModelVersion
    from mlp.api.signature import Feature


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

    version = session.version_of(ModelRef.parse(reference))
    session.emit(version.model_dump(mode="json"), lambda: version_text(version))


def version_text(version: ModelVersion) -> str:
    """Return what a person wants to know of a version."""
    outputs = version.signature.outputs
    facts: list[tuple[str, Any]] = [
        ("version", f"{version.name}:{version.version}"),
        ("aliases", ", ".join(version.aliases) or "-"),
        ("digest", version.digest),
        ("size", size(version.size)),
        ("created", version.created_at.isoformat(timespec="seconds")),
        *([("archived", version.archived_at.isoformat(timespec="seconds"))] if version.archived_at else []),
        ("source", " ".join(filter(None, (version.source.framework, version.source.estimator))) or "-"),
        ("task", outputs.task.value),
        ("classes", ", ".join(map(str, outputs.classes)) if outputs.classes else "-"),
        ("receipt", receipt_text(version)),
        ("metrics", " ".join(f"{key}={value:.6g}" for key, value in version.metrics.items()) or "-"),
        ("tags", " ".join(f"{key}={value}" for key, value in version.tags.items()) or "-"),
        ("description", version.description or "-"),
    ]
    head = "\n".join(f"{label:<12} {printable(str(value))}" for label, value in facts)
    features = columns(
        ("FEATURE", "TYPE", "MISSING", "SEEN AT TRAINING"),
        [(f.name, f.dtype.value, "allowed" if f.nullable else "no", _seen(f)) for f in version.signature.inputs],
    )
    return f"{head}\n\n{features}"


def receipt_text(version: ModelVersion) -> str:
    """Return the receipt in one line: what was compared, and how well it agreed."""
    receipt = version.receipt
    golden = len(receipt.golden.features) if receipt.golden else 0
    if receipt.rows == 0:
        return f"no original to compare with; {golden} golden rows"
    parts = [f"{receipt.rows} rows compared ({receipt.sample.value})"]
    if receipt.label_agreement is not None:
        parts.append(f"{receipt.label_agreement:.2%} labels equal")
    if receipt.max_abs_diff is not None:
        parts.append(f"largest difference {receipt.max_abs_diff:.2g}")
    return ", ".join([*parts, receipt.precision, f"{golden} golden rows"])


def _seen(feature: Feature) -> str:
    if feature.categories is not None:
        shown = ", ".join(feature.categories[:5]) + (" …" if len(feature.categories) > 5 else "")
        return shown + (" (no others)" if feature.closed else "")
    if feature.minimum is None or feature.maximum is None:
        return "-"
    return f"{feature.minimum:g} to {feature.maximum:g}"
