"""Failures of access to the registry: tokens and what they allow."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.known import Known

_SET = "mlp token create NAME --scope read --to FILE, as an administrator; export MLP_REGISTRY_TOKEN_FILE=FILE"

ACCESS: Mapping[str, Known] = {
    "token_missing": Known(
        "MLP5301",
        "The registry wants a token",
        "The request had no header Authorization: MLP_REGISTRY_TOKEN_FILE names no file.",
        _SET,
    ),
    "token_invalid": Known(
        "MLP5302",
        "The registry does not know the token",
        "It was revoked, or belongs to another registry.",
        _SET,
    ),
    "token_expired": Known(
        "MLP5303",
        "The token has expired",
        "It was made with --expires, and that time is over.",
        _SET,
    ),
    "scope_insufficient": Known(
        "MLP5304",
        "The token does not allow this",
        "Its scope is too small: read looks up, write pushes, admin deletes and gives tokens.",
        "mlp token create NAME --scope {scope} --to FILE, as an administrator; export MLP_REGISTRY_TOKEN_FILE=FILE",
    ),
    "token_exists": Known(
        "MLP5305",
        "A token of that name exists",
        "Names are given once, so that the audit log can be read.",
        "choose another name, or revoke that one first: mlp token ls",
    ),
    "token_not_found": Known(
        "MLP5306",
        "No such token",
        "The registry has no token of that name; those that come as files are not listed.",
        "mlp token ls",
    ),
    "token_name_reserved": Known(
        "MLP5307",
        "A name of the registry's own",
        "Tokens that come as files, and callers without one, act under this name.",
        "choose another name",
    ),
    "invalid_token_name": Known(
        "MLP5308",
        "Not a name for a token",
        "Names have 1 to 64 letters, digits, '.', '_', '@' and '-'.",
        "choose another name, such as ci or alice@example.org",
    ),
    "registry_open": Known(
        "MLP5309",
        "This registry asks nobody for a token",
        "It serves its own machine alone, so that a token would guard nothing.",
        "start the registry with MLP_REGISTRY_ADMIN_TOKEN_FILE",
    ),
}
