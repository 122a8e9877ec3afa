"""What the user's environment and configuration file say; read once a command, each value with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlp.cli.configuration import Configuration


@dataclass(frozen=True)
class Key:
    """A setting: what it is called in the file and in the environment, and what it means."""

    name: str
    variable: str
    help: str


KEYS: Sequence[Key] = (
    Key("target", "MLP_TARGET", "local or kubernetes"),
    Key("context", "MLP_CONTEXT", "the context of the kubeconfig that is meant when none is named"),
    Key("namespace", "MLP_NAMESPACE", "the namespace of the cluster, else ml-platform"),
    Key("home", "MLP_HOME", "the folder of the local platform, else the user's data folder"),
    Key("registry_url", "MLP_REGISTRY_URL", "a registry other than the target's own"),
    Key("registry_token_file", "MLP_REGISTRY_TOKEN_FILE", "a file that holds a bearer token"),
    Key("api_key_file", "MLP_API_KEY_FILE", "a file that holds the API key of a model"),
    Key("container_engine", "MLP_CONTAINER_ENGINE", "docker or podman"),
    Key("containerd_address", "MLP_CONTAINERD_ADDRESS", "the socket of the containerd of a node that is this machine"),
    Key("python_image", "MLP_PYTHON_IMAGE", "the base of the platform's images"),
)


@dataclass(frozen=True)
class Origin:
    """A value, and where it is written: a variable, or a file and its line."""

    value: str
    where: str


@dataclass(frozen=True)
class Settings:
    """Settings by meaning. Flags win over them, and the environment over the file."""

    target: str | None = None
    """`local` or `kubernetes`."""
    context: str | None = None
    namespace: str | None = None
    home: Path | None = None
    registry_url: str | None = None
    registry_token_file: Path | None = None
    api_key_file: Path | None = None
    api_key: str | None = field(default=None, repr=False)
    """From the environment alone: it is a secret, and no file of settings holds one."""
    container_engine: str | None = None
    containerd_address: str | None = None
    python_image: str | None = None
    allowed_contexts: frozenset[str] = frozenset()
    """Contexts that may be used without being named, besides those of clusters of this machine."""

    @classmethod
    def read(cls, environment: Mapping[str, str], configuration: Configuration) -> Settings:
        """Take the settings from `environment` and from the file; an empty value counts as unset."""
        found = {name: origin.value for name, origin in origins(environment, configuration).items()}

        def path(name: str) -> Path | None:
            return Path(found[name]).expanduser() if name in found else None

        return cls(
            target=found.get("target"),
            context=found.get("context"),
            namespace=found.get("namespace"),
            home=path("home"),
            registry_url=found.get("registry_url"),
            registry_token_file=path("registry_token_file"),
            api_key_file=path("api_key_file"),
            api_key=environment.get("MLP_API_KEY") or None,
            container_engine=found.get("container_engine"),
            containerd_address=found.get("containerd_address"),
            python_image=found.get("python_image"),
            allowed_contexts=frozenset(configuration.allowed_contexts),
        )


def origins(environment: Mapping[str, str], configuration: Configuration) -> dict[str, Origin]:
    """Return the settings that are set, each with where: the environment wins over the file.

    A context in the environment means that cluster, whatever target the file says.
    """
    found: dict[str, Origin] = {}
    for key in KEYS:
        if environment.get(key.variable):
            found[key.name] = Origin(environment[key.variable], key.variable)
        elif key.name in configuration.values and not (key.name == "target" and environment.get("MLP_CONTEXT")):
            found[key.name] = Origin(configuration.values[key.name], configuration.place_of(key.name))
    return found


def is_colourless(environment: Mapping[str, str]) -> bool:
    """Whether NO_COLOR is set and not empty, or the terminal is a dumb one."""
    return bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"


def is_accessible(environment: Mapping[str, str]) -> bool:
    """Whether MLP_ACCESSIBLE asks for words instead of symbols, and lines instead of motion."""
    return environment.get("MLP_ACCESSIBLE", "") not in ("", "0")
