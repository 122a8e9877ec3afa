"""The platform's Secrets: made once, at the first install, and never changed or read back into a file."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from mlp.errors import Conflict, NotFound, Precondition
from mlp.kube.client import Client
from mlp.kube.resource import SECRETS
from mlp.targets.kubernetes.choices import Choices
from mlp.targets.kubernetes.names import (
    ADMIN_TOKEN,
    MINIO_CREDENTIALS,
    PART_OF,
    PLATFORM,
    POSTGRESQL_CREDENTIALS,
    READ_TOKEN,
)

_MADE: Mapping[str, Callable[[], dict[str, str]]] = {
    POSTGRESQL_CREDENTIALS: lambda: {"password": secrets.token_hex(24)},
    MINIO_CREDENTIALS: lambda: {"access-key": f"mlp-{secrets.token_hex(6)}", "secret-key": secrets.token_hex(24)},
    ADMIN_TOKEN: lambda: {"token": secrets.token_urlsafe(32)},
    READ_TOKEN: lambda: {"token": secrets.token_urlsafe(32)},
}


def missing_credentials(client: Client, choices: Choices) -> list[str]:
    """Return the names of the Secrets that are not there yet.

    Raises Precondition (`credentials_missing`) for those of a database or store outside, which nobody can make up.
    """
    missing = [name for name in _MADE if not _is_there(client, choices.namespace, name)]
    outside = {POSTGRESQL_CREDENTIALS: choices.database, MINIO_CREDENTIALS: choices.store}
    for name in missing:
        address = outside.get(name)
        if address is not None:
            raise Precondition(
                f"the credentials of {address.host} are not in the Secret {name} of the namespace {choices.namespace}",
                code="credentials_missing",
                details={"secret": name, "keys": ", ".join(_MADE[name]()), "namespace": choices.namespace},
            )
    return missing


def make_credentials(client: Client, namespace: str, names: list[str]) -> None:
    """Make these Secrets; one that somebody else has made meanwhile stays as it is."""
    for name in names:
        body: dict[str, Any] = {
            "metadata": {"name": name, "namespace": namespace, "labels": {PART_OF: PLATFORM}},
            "type": "Opaque",
            "stringData": _MADE[name](),
        }
        try:
            client.create(SECRETS, body)
        except Conflict:
            continue


def _is_there(client: Client, namespace: str, name: str) -> bool:
    try:
        client.get(SECRETS, namespace, name)
    except NotFound:
        return False
    return True
