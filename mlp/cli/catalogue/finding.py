"""Failures of aliases and filters: naming versions and finding them."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.known import Known

FINDING: Mapping[str, Known] = {
    "alias_not_found": Known(
        "MLP5005",
        "No such alias",
        "The model has no alias of that name.",
        "mlp model alias ls {name}",
    ),
    "stale": Known(
        "MLP5006",
        "The alias was moved meanwhile",
        "It does not point to the version that was expected.",
        "look at mlp model alias history {name}@{alias}, and decide again",
    ),
    "reserved_alias": Known(
        "MLP5007",
        "The alias is taken by the registry",
        "latest is always the highest version; nobody sets it.",
        "choose another alias, such as production",
    ),
    "too_many_aliases": Known(
        "MLP5008",
        "Too many aliases",
        "A model has at most 100.",
        "mlp model alias rm one that nobody needs",
    ),
    "invalid_filter": Known(
        "MLP5009",
        "Not a filter",
        "What stands at the character that is named cannot stand there.",
        "see mlp model ls --help, and quote the whole filter for your shell",
    ),
    "invalid_moment": Known(
        "MLP5010",
        "Not a moment",
        "It is no day and no moment.",
        "write 2026-05-03 or 2026-05-03T12:00:00Z",
    ),
}
