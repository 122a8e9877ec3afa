"""One run of a command: its shared flags, its screen, and the way to the platform."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlp.cli.configuration import Configuration, configuration_path
from mlp.cli.output import Format, emit
from mlp.cli.screen import Screen, is_interactive, screen_for
from mlp.cli.settings import Settings, is_accessible, is_colourless
from mlp.errors import NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlp.api.model import ModelVersion
    from mlp.api.reference import ModelRef
    from mlp.cli.table import Table
    from mlp.client.catalog import Catalog
    from mlp.client.inference import InferenceClient
    from mlp.client.registry import RegistryClient
    from mlp.errors import MlpError
    from mlp.targets import ClusterOptions, Target


@dataclass(frozen=True)
class Flags:
    """The flags that every command has."""

    target: str | None
    context: str | None
    namespace: str | None
    output: Format
    fields: str | None
    no_input: bool
    yes: bool
    quiet: bool
    verbose: bool
    debug: bool
    color: str


class Session:
    """What a command is given: flags, settings, a screen; target and registry when it asks for them."""

    def __init__(self, flags: Flags, environment: Mapping[str, str], screen: Screen) -> None:
        self.flags = flags
        self.environment = environment
        self.screen = screen
        self._opened = ExitStack()
        self.meanwhile = ""
        """What goes on though the command is interrupted, and how to come back to it."""

    @classmethod
    def open(cls, flags: Flags) -> Session:
        """Begin a run in this process's environment."""
        screen = screen_for(
            sys.stderr,
            when=flags.color,
            colourless=is_colourless(os.environ),
            quiet=flags.quiet,
            verbose=flags.verbose,
            accessible=is_accessible(os.environ),
        )
        return cls(flags, os.environ, screen)

    @cached_property
    def configuration(self) -> Configuration:
        """The user's configuration file. Raises Precondition (`config_unreadable`)."""
        return Configuration.read(configuration_path(self.environment))

    @cached_property
    def settings(self) -> Settings:
        """What environment and configuration file say."""
        return Settings.read(self.environment, self.configuration)

    @cached_property
    def target(self) -> Target:
        """Where deployments run: the flag, MLP_TARGET, or the platform that runs on this machine."""
        from mlp.targets import resolve_target

        target = resolve_target(self.flags.target, self._chosen, self.settings.home, cluster=self._cluster())
        return self._opened.enter_context(closing(target))

    @property
    def _chosen(self) -> str | None:
        """The target that settings choose; a context chooses the cluster."""
        return self.settings.target or ("kubernetes" if self.settings.context is not None else None)

    @cached_property
    def catalog(self) -> Catalog:
        """What the registry holds, to look at: of MLP_REGISTRY_URL, or of the target."""
        from mlp.client.catalog import Catalog

        url, token = self._registry
        return self._opened.enter_context(
            closing(Catalog(url, token_file=self.settings.registry_token_file, token=token))
        )

    @cached_property
    def registry(self) -> RegistryClient:
        """The same registry, to write to and to fetch from."""
        from mlp.client.registry import RegistryClient

        url, token = self._registry
        return self._opened.enter_context(
            RegistryClient(url, token_file=self.settings.registry_token_file, token=token)
        )

    @cached_property
    def _registry(self) -> tuple[str, str | None]:
        """Where the registry is, and the target's own token for it unless a file holds one."""
        if self.settings.registry_url is not None:
            url, token = self.settings.registry_url, None
        else:
            url = self.target.registry_url()
            token = self.target.registry_token() if self.settings.registry_token_file is None else None
        self.screen.detail(f"registry: {url}")
        return url, token

    def target_to_start(self, *, local: bool = False, **installing: str | None) -> Target:
        """Return the target for commands that also make sense while nothing runs: the local one by default.

        `installing` are further fields of `ClusterOptions`.
        """
        from mlp.targets import resolve_target

        named = "local" if local else self.flags.target
        target = resolve_target(
            named, self._chosen, self.settings.home, default="local", cluster=self._cluster(**installing)
        )
        return self._opened.enter_context(closing(target))

    def _cluster(self, **installing: str | None) -> ClusterOptions:
        from mlp.targets import ClusterOptions

        return ClusterOptions(
            context=self.flags.context,
            namespace=self.flags.namespace or self.settings.namespace,
            usual_context=self.settings.context,
            allowed=self.settings.allowed_contexts,
            confirm=self._confirm_cluster,
            **installing,
        )

    def model_server(self, name: str) -> InferenceClient:
        """Return a client of the server of a deployment."""
        from mlp.client.inference import InferenceClient
        from mlp.client.keys import api_key

        key = api_key(self.settings.api_key, self.settings.api_key_file)
        return self._opened.enter_context(InferenceClient(self.target.endpoint(name), key=key))

    def number_of(self, reference: ModelRef) -> int:
        """Return the number that a reference means now: of an alias where it points, of a bare name the latest.

        Raises NotFound (`model_not_found`, `alias_not_found`, `version_not_found`); a number is not looked up.
        """
        if reference.version is not None:
            return reference.version
        if reference.alias is not None:
            number = self.catalog.alias(reference.name, reference.alias)["version"]
            self.screen.note(f"{reference} is version {number}")
            return number
        latest = self.catalog.model(reference.name).get("latest_version")
        if latest is None:
            raise NotFound(
                f"model {reference.name} offers no version",
                code="version_not_found",
                details={"name": reference.name},
            )
        return latest

    def version_of(self, reference: ModelRef) -> ModelVersion:
        """Look up a version; a bare name means its latest one."""
        return self.registry.version(reference.name, self.number_of(reference))

    def emit(self, document: Any, text: Callable[[], str | Table]) -> None:
        """Print data in the format that the user chose."""
        emit(self.flags.output, document, text, self.flags.fields)

    def failed(self, error: MlpError) -> None:
        """Say that something failed, though the command goes on."""
        from mlp.cli.failures import line_of

        self.screen.wrong(line_of(error))

    def damaged(self, error: MlpError) -> None:
        """Say that something is damaged, which keeps nothing from being done."""
        from mlp.cli.failures import line_of

        self.screen.warn(line_of(error))

    def close(self) -> None:
        """Close the connections that the run has opened."""
        self._opened.close()

    def confirm(self, question: str, flag: str = "--yes") -> None:
        """Ask before something that cannot be undone; Refused when nobody can answer, or the answer is no."""
        if not self.flags.yes:
            self._ask(question, flag)

    def _confirm_cluster(self, question: str) -> None:
        """Ask about a cluster that was not named; --yes agrees to what is done, not to where."""
        self._ask(question, "--context NAME", code="context_not_named")

    def _ask(self, question: str, flag: str, *, code: str | None = None) -> None:
        if self.flags.no_input or not is_interactive():
            raise Refused(f"{question.rstrip('?')}: this needs {flag} where nobody can be asked", code=code)
        sys.stderr.write(f"{question} [y/N]: ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise Refused("not confirmed; nothing was changed", code="declined")
