"""Whether a child is as it was applied. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.api.quantity import amount
from mlp.api.wire import canonical_json, sha256_of
from mlp.controller.identity import FINGERPRINT
from mlp.kube.resource import Object


def fingerprint(document: Object) -> str:
    """Return a hash of what is applied: two documents with the same one are the same."""
    return sha256_of(canonical_json(document))[:32]


def differs(live: Object, wanted: Object) -> bool:
    """Whether applying `wanted` would change `live`.

    Every field of `wanted` is compared; its fingerprint tells of fields that an earlier one had and this one has not.
    """
    annotations = live["metadata"].get("annotations") or {}
    if annotations.get(FINGERPRINT) != wanted["metadata"]["annotations"][FINGERPRINT]:
        return True
    return not _holds(live, wanted, amounts=False)


def _holds(live: object, wanted: object, *, amounts: bool) -> bool:
    """Whether `live` says all that `wanted` says; it may say more."""
    if isinstance(wanted, Mapping):
        if not isinstance(live, Mapping):
            return False
        return all(
            key in live and _holds(live[key], value, amounts=amounts or key in ("requests", "limits", "sizeLimit"))
            for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(live, list) and _holds_items(live, wanted, amounts=amounts)
    if amounts and isinstance(live, str) and isinstance(wanted, str):
        return live == wanted or (amount(live) is not None and amount(live) == amount(wanted))
    return live == wanted


def _holds_items(live: list[object], wanted: list[object], *, amounts: bool) -> bool:
    """Compare items that have names by name, and others by place."""
    if all(isinstance(item, Mapping) and "name" in item for item in [*live, *wanted]):
        named = {item["name"]: item for item in live if isinstance(item, Mapping)}
        return all(
            isinstance(item, Mapping) and _holds(named.get(item["name"]), item, amounts=amounts) for item in wanted
        )
    return len(live) == len(wanted) and all(
        _holds(found, item, amounts=amounts) for found, item in zip(live, wanted, strict=True)
    )
