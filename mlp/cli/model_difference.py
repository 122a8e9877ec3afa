"""What differs between two versions: signature, size, receipt, metrics. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mlp.cli.text import columns, size

if TYPE_CHECKING:
    from mlp.api.model import ModelVersion
    from mlp.api.signature import Feature
    from mlp.cli.model_flips import Flips


def schema_changes(before: ModelVersion, after: ModelVersion) -> list[str]:
    """Return what has changed of inputs and outputs, a line each: `+` new, `-` gone, `~` other."""
    old = {feature.name: feature for feature in before.signature.inputs}
    new = {feature.name: feature for feature in after.signature.inputs}
    changes = [f"- feature {name}" for name in old if name not in new]
    changes += [f"+ feature {name} ({new[name].dtype.value})" for name in new if name not in old]
    for name, feature in old.items():
        if name in new:
            changes += [f"~ feature {name}: {words}" for words in _feature_changes(feature, new[name])]
    if not changes and list(old) != list(new):
        changes.append("~ the features have another order")
    was, now = before.signature.outputs, after.signature.outputs
    for what in ("task", "classes", "width"):
        if getattr(was, what) != getattr(now, what):
            changes.append(f"~ {what}: {_words(getattr(was, what))} -> {_words(getattr(now, what))}")
    if (was.probabilities is None) != (now.probabilities is None):
        changes.append(f"{'-' if now.probabilities is None else '+'} probabilities")
    return changes


def _feature_changes(before: Feature, after: Feature) -> Iterator[str]:
    if before.dtype is not after.dtype:
        yield f"{before.dtype.value} -> {after.dtype.value}"
    if before.nullable != after.nullable:
        yield "may be missing" if after.nullable else "must not be missing"
    if before.categories != after.categories:
        yield f"{_words(before.categories)} -> {_words(after.categories)}"
    if (before.minimum, before.maximum) != (after.minimum, after.maximum):
        yield f"{_range(before)} -> {_range(after)} at training"


def _range(feature: Feature) -> str:
    return "-" if feature.minimum is None or feature.maximum is None else f"{feature.minimum:g} to {feature.maximum:g}"


def _words(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, tuple):
        return ", ".join(map(str, value[:8])) + (" …" if len(value) > 8 else "")
    return str(getattr(value, "value", value))


def facts_of(version: ModelVersion) -> dict[str, Any]:
    """Return what a version is, in plain values that two versions can be compared by."""
    receipt = version.receipt
    return {
        "digest": version.digest,
        "size": version.size,
        "estimator": version.source.estimator,
        "git_commit": version.source.git_commit,
        "precision": receipt.precision,
        "receipt.rows": receipt.rows,
        "receipt.sample": receipt.sample.value,
        "receipt.label_agreement": receipt.label_agreement,
        "receipt.max_abs_diff": receipt.max_abs_diff,
        "receipt.golden_rows": len(receipt.golden.features) if receipt.golden else 0,
        **{f"versions.{name}": number for name, number in sorted(receipt.versions.items())},
        **{f"metrics.{key}": value for key, value in sorted(version.metrics.items())},
        **{f"params.{key}": value for key, value in sorted(version.params.items())},
        **{f"tags.{key}": value for key, value in sorted(version.tags.items())},
    }


def difference_document(before: ModelVersion, after: ModelVersion, flips: Flips) -> dict[str, Any]:
    """Return the difference as one plain document."""
    was, now = facts_of(before), facts_of(after)
    keys = list(dict.fromkeys([*was, *now]))
    changed = [
        {"name": key, "before": was.get(key), "after": now.get(key)} for key in keys if was.get(key) != now.get(key)
    ]
    schema = schema_changes(before, after)
    return {
        "before": str(before.ref),
        "after": str(after.ref),
        "same": not changed and not schema and not flips.rows,
        "schema": schema,
        "facts": changed,
        "predictions": flips.document(),
    }


def difference_text(document: dict[str, Any], flips: Flips) -> str:
    """Return the difference as a person reads it."""
    before, after = document["before"], document["after"]
    if document["same"]:
        return f"{before} and {after} are the same"
    blocks = ["\n".join(["schema", *(f"  {line}" for line in document["schema"] or ["the same"])])]
    rows = [
        (each["name"], _shown(each["name"], each["before"]), _shown(each["name"], each["after"]))
        for each in document["facts"]
    ]
    if rows:
        blocks.append(columns(("", before, after), rows))
    blocks.append("\n".join(["predictions", *(f"  {line}" for line in flips.lines())]))
    return "\n\n".join(blocks)


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name == "size":
        return size(value)
    if name == "digest":
        return str(value)[:12]
    return f"{value:.6g}" if isinstance(value, float) else str(value)
