"""What differs between two versions: signature, size, receipt, metrics. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mlp.cli.text import columns, size

if TYPE_CHECKING:
    from mlp.api.documents import FeatureDocument, VersionDocument
    from mlp.cli.model_flips import Flips


def schema_changes(before: VersionDocument, after: VersionDocument) -> list[str]:
    """Return what has changed of inputs and outputs, a line each: `+` new, `-` gone, `~` other."""
    old = {feature["name"]: feature for feature in before["signature"]["inputs"]}
    new = {feature["name"]: feature for feature in after["signature"]["inputs"]}
    changes = [f"- feature {name}" for name in old if name not in new]
    changes += [f"+ feature {name} ({new[name]['dtype']})" for name in new if name not in old]
    for name, feature in old.items():
        if name in new:
            changes += [f"~ feature {name}: {words}" for words in _feature_changes(feature, new[name])]
    if not changes and list(old) != list(new):
        changes.append("~ the features have another order")
    was, now = before["signature"]["outputs"], after["signature"]["outputs"]
    for what, usual in (("task", None), ("classes", None), ("width", 1)):
        if was.get(what, usual) != now.get(what, usual):
            changes.append(f"~ {what}: {_words(was.get(what, usual))} -> {_words(now.get(what, usual))}")
    if (was.get("probabilities") is None) != (now.get("probabilities") is None):
        changes.append(f"{'-' if now.get('probabilities') is None else '+'} probabilities")
    return changes


def _feature_changes(before: FeatureDocument, after: FeatureDocument) -> Iterator[str]:
    if before["dtype"] != after["dtype"]:
        yield f"{before['dtype']} -> {after['dtype']}"
    if bool(before.get("nullable")) != bool(after.get("nullable")):
        yield "may be missing" if after.get("nullable") else "must not be missing"
    if before.get("categories") != after.get("categories"):
        yield f"{_words(before.get('categories'))} -> {_words(after.get('categories'))}"
    if any(before.get(end) != after.get(end) for end in ("minimum", "maximum")):
        yield f"{_range(before)} -> {_range(after)} at training"


def _range(feature: FeatureDocument) -> str:
    low, high = feature.get("minimum"), feature.get("maximum")
    return "-" if low is None or high is None else f"{low:g} to {high:g}"


def _words(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return ", ".join(map(str, value[:8])) + (" …" if len(value) > 8 else "")
    return str(value)


def facts_of(version: VersionDocument) -> dict[str, Any]:
    """Return what a version is, in plain values that two versions can be compared by."""
    receipt, source = version["receipt"], version.get("source", {})
    golden = receipt.get("golden")
    return {
        "digest": version["digest"],
        "size": version["size"],
        "estimator": source.get("estimator"),
        "git_commit": source.get("git_commit"),
        "precision": receipt.get("precision", "float32"),
        "receipt.rows": receipt["rows"],
        "receipt.sample": receipt["sample"],
        "receipt.label_agreement": receipt.get("label_agreement"),
        "receipt.max_abs_diff": receipt.get("max_abs_diff"),
        "receipt.golden_rows": len(golden["features"]) if golden else 0,
        **_under("versions", receipt.get("versions", {})),
        **_under("metrics", version.get("metrics", {})),
        **_under("params", version.get("params", {})),
        **_under("tags", version.get("tags", {})),
    }


def _under(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{name}.{key}": value for key, value in sorted(values.items())}


def difference_document(before: VersionDocument, after: VersionDocument, flips: Flips) -> dict[str, Any]:
    """Return the difference as one plain document."""
    was, now = facts_of(before), facts_of(after)
    keys = list(dict.fromkeys([*was, *now]))
    changed = [
        {"name": key, "before": was.get(key), "after": now.get(key)} for key in keys if was.get(key) != now.get(key)
    ]
    schema = schema_changes(before, after)
    return {
        "before": f"{before['name']}:{before['version']}",
        "after": f"{after['name']}:{after['version']}",
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
