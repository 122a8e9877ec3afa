"""What the environment says to the command line; read once, where a command begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Environment variables, by meaning. Flags win over them."""

    target: str | None = None
    """MLP_TARGET: `local` or `kubernetes`."""
    home: Path | None = None
    """MLP_HOME: the folder of the local platform; the user data folder of this system if unset."""
    registry_url: str | None = None
    """MLP_REGISTRY_URL: a registry other than the target's own."""
    registry_token_file: Path | None = None
    """MLP_REGISTRY_TOKEN_FILE: a file that holds a bearer token."""
    container_engine: str | None = None
    """MLP_CONTAINER_ENGINE: `docker` or `podman`."""
    containerd_address: str | None = None
    """MLP_CONTAINERD_ADDRESS: the socket of the containerd of a node that is this machine."""
    python_image: str | None = None
    """MLP_PYTHON_IMAGE: the base of the platform's images."""
    colourless: bool = False
    """NO_COLOR is set and not empty, or TERM is `dumb`."""
    accessible: bool = False
    """MLP_ACCESSIBLE is set: words instead of symbols, lines instead of motion."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Take the settings from `environment`; an empty value counts as unset."""

        def path(name: str) -> Path | None:
            return Path(environment[name]).expanduser() if environment.get(name) else None

        return cls(
            target=environment.get("MLP_TARGET") or None,
            home=path("MLP_HOME"),
            registry_url=environment.get("MLP_REGISTRY_URL") or None,
            registry_token_file=path("MLP_REGISTRY_TOKEN_FILE"),
            container_engine=environment.get("MLP_CONTAINER_ENGINE") or None,
            containerd_address=environment.get("MLP_CONTAINERD_ADDRESS") or None,
            python_image=environment.get("MLP_PYTHON_IMAGE") or None,
            colourless=bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb",
            accessible=environment.get("MLP_ACCESSIBLE", "") not in ("", "0"),
        )
