"""What the registry says of a version."""

from __future__ import annotations

from dataclasses import dataclass

from mlp.errors import Denied, MlpError, NotFound


@dataclass(frozen=True)
class Resolved:
    """The version is there, and this is its digest."""

    digest: str


@dataclass(frozen=True)
class Unresolved:
    """There is no version to serve, or nobody says so: why, as one CamelCase word and in words."""

    reason: str
    message: str
    is_final: bool
    """Whether the registry itself said so; otherwise it gave no answer."""


Answer = Resolved | Unresolved


def unresolved(error: MlpError) -> Unresolved:
    """Return the answer that an error of the registry's client is."""
    if isinstance(error, NotFound):
        reason = "ModelNotFound" if error.code == "model_not_found" else "VersionNotReady"
        return Unresolved(reason, error.message, is_final=True)
    if isinstance(error, Denied):
        return Unresolved("RegistryDenied", error.message, is_final=False)
    return Unresolved("RegistryUnavailable", error.message, is_final=False)
