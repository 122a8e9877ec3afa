"""Tells the registry which versions are served here, so that nobody deletes them.

It goes on beside the agent and never delays it: a registry that is down is tried again, and models serve meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from mlp.api.deployment import ModelDeployment
from mlp.errors import MlpError, NotFound

if TYPE_CHECKING:
    from mlp.client.registry import RegistryClient

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 5.0
_TIMEOUT_SECONDS = 2.0


class Use(NamedTuple):
    """A version that a deployment asks for or still serves."""

    deployment: str
    model: str
    version: int

    @property
    def holder(self) -> str:
        """What the registry calls the deployment."""
        return f"local.{self.deployment}"


def uses_of(deployment: ModelDeployment) -> set[Use]:
    """Return the versions that a deployment needs: the one it asks for, and the one that served last."""
    served = None if deployment.status is None else deployment.status.served_version
    wanted = {deployment.spec.model_version, served} - {None}
    return {Use(deployment.metadata.name, deployment.spec.model_name, number) for number in wanted if number}


class Uses:
    """Keeps uses alive in the registry at `url`, each every `renew_seconds`; `wanted` says which there are now."""

    def __init__(
        self, url: str, wanted: Callable[[], set[Use]], renew_seconds: float, look_seconds: float = _LOOK_SECONDS
    ) -> None:
        self._url = url
        self._wanted = wanted
        self._renew_seconds = renew_seconds
        self._look_seconds = look_seconds
        self._registry: RegistryClient | None = None
        self._kept: dict[Use, float] = {}
        self._is_silent = False

    async def run(self) -> None:
        """Go on until cancelled."""
        try:
            while True:
                await asyncio.sleep(self._look_seconds)
                try:
                    await asyncio.to_thread(self._attend, self._wanted())
                except Exception:  # noqa: BLE001  a fault here must not end what serves
                    _log.exception("the registry could not be told what is served here")
        finally:
            if self._registry is not None:
                self._registry.close()

    def _attend(self, wanted: set[Use]) -> None:
        now = time.monotonic()
        due = [use for use in wanted if now - self._kept.get(use, -self._renew_seconds) >= self._renew_seconds]
        gone = self._kept.keys() - wanted
        try:
            for use in due:
                with suppress(NotFound):  # deleted all the same; the server has its own copy
                    self._client().uses.keep(use.model, use.version, use.holder)
                self._kept[use] = now
            for use in gone:
                self._client().uses.end(use.model, use.version, use.holder)
                del self._kept[use]
        except MlpError as error:
            if not self._is_silent:
                _log.warning("the registry was not told what is served here: %s", error.message)
            self._is_silent = True
        else:
            self._is_silent = False

    def _client(self) -> RegistryClient:
        if self._registry is None:
            from mlp.client.registry import RegistryClient

            self._registry = RegistryClient(self._url, timeout=_TIMEOUT_SECONDS)
        return self._registry
