"""The agent: the registry, the deployments, and the loop that keeps them."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from mlp import __version__
from mlp.api.agent import AgentStatus, DamagedDeployment, ProcessStatus
from mlp.api.deployment import ModelDeployment
from mlp.api.history import DeploymentEvent, History
from mlp.api.why import Why
from mlp.client.home import Home
from mlp.errors import Conflict, NotFound, Unavailable
from mlp.local.admission import admit
from mlp.local.attempts import Backoff
from mlp.local.causes import Evidence, why_of
from mlp.local.changes import Changes
from mlp.local.journal import Journal
from mlp.local.keeper import Keeper, Options
from mlp.local.launch import REGISTRY, Launch, Launcher
from mlp.local.left import Left, end, left_behind
from mlp.local.logs import last_lines, tend
from mlp.local.occupant import taken_by
from mlp.local.ports import Ports, free_ports
from mlp.local.reconcile import Phase, Wanted, wanted_of
from mlp.local.records import HOLDER
from mlp.local.settings import Settings
from mlp.local.sockets import Sockets
from mlp.local.status import status_of
from mlp.local.store import Store, StoredDeployment, Unreadable, new_uid
from mlp.local.uses import Use, Uses, uses_of

_log = logging.getLogger(__name__)
_NOTHING = Wanted(revision=None, generation=1)
_THE_REGISTRY = Wanted(revision=0, generation=1, is_alone=True)
_LONGEST_SLEEP_SECONDS = 60.0
_AFTER_FAULT_SECONDS = 1.0
_LOG_LINES = 5
"""How many of a log's last lines go with a cause."""
_START_LOOK_SECONDS = 0.02
"""How often processes that start are asked whether they are ready."""


class Agent:
    """Keeps the registry and a process for each deployment. Everything happens on one thread, in `run` or a call."""

    def __init__(self, settings: Settings, ports: Ports, home: Home, inherited: Mapping[str, str]) -> None:
        self._launcher = Launcher(settings, home, ports.registry, inherited)
        self._settings = settings
        self._ports = ports
        self._home = home
        self._started_at = datetime.now(UTC)
        self._woken = asyncio.Event()
        self._stopping = False
        self._is_leaving = False
        self._sockets = Sockets(home, self.wake)
        self._options = Options(
            run=home.run,
            sockets=self._sockets,
            start_seconds=settings.start_seconds,
            end_seconds=settings.end_seconds,
            backoff=Backoff(settings.retry_seconds, settings.longest_retry_seconds, settings.steady_seconds),
            changed=self.wake,
            tell=self._happened,
        )
        self._store = Store(home.deployments)
        self._journal = Journal(home.history)
        self._changes = Changes()
        self._registry = Keeper(REGISTRY, ports.registry, self._launch_registry, self._options)
        self._stored: dict[str, StoredDeployment] = {}
        self._unreadable: dict[str, Unreadable] = {}
        self._keepers: dict[str, Keeper] = {}
        self._leaving: list[Keeper] = []

    def open(self) -> None:
        """Read what should be served, take over what runs already, and take the registry's port.

        A deployment whose file cannot be read is left as it is, and keeps nothing else from starting. Raises Conflict
        (`port_taken`); nothing that ran has ended then.
        """
        stored, unreadable = self._store.load()
        self._unreadable = {each.name: each for each in unreadable}
        for each in unreadable:
            _log.error(each.words(), extra={"deployment": each.name})
        for name, found in stored.items():
            self._know(name, found)
        self._sockets.open()
        adopted = self._adopt()
        try:
            self._registry.open()
        except Conflict as taken:
            if not adopted:
                self._sockets.end()
            raise Conflict(
                f"{taken_by(self._ports.registry)}; MLP_REGISTRY_PORT moves the registry", code=taken.code
            ) from None

    def _know(self, name: str, stored: StoredDeployment) -> None:
        """Keep from now on what stands on disk."""
        self._stored[name], self._keepers[name] = stored, self._keeper(name, stored.port, stored.uid)
        self._journal.found(stored.deployment)
        if "uid" not in stored.model_fields_set:  # an earlier mlp wrote it
            self._store.save(stored)

    def _adopt(self) -> bool:
        """Go on with what an earlier agent left, and end what cannot be gone on with; return whether anything was.

        What serves a deployment whose file cannot be read serves on.
        """
        keepers = [self._registry, *self._keepers.values()]
        lone = [left for left in self._take_over(keepers) if left.record.name not in (HOLDER, *self._unreadable)]
        end(lone, self._settings.end_seconds)
        self._sockets.forget_all_but({self._ports.registry, *self._owned_ports()})
        return any(keeper.seen().processes for keeper in keepers)

    def _take_over(self, keepers: Sequence[Keeper], name: str | None = None) -> list[Left]:
        """Go on with what an earlier agent left (under that name) for these keepers; return what it left besides."""
        for keeper in keepers:
            if self._sockets.holds(keeper.port):
                keeper.open()
        others = []
        for left in left_behind(self._home.run, name):
            owner = next((keeper for keeper in keepers if keeper.owns(left.record) and keeper.seen().listening), None)
            if owner is not None:
                owner.adopt(left)
            else:
                others.append(left)
        return others

    def _look_again(self) -> None:
        """Look whether files that could not be read were mended or moved away."""
        for name, unreadable in list(self._unreadable.items()):
            found = self._store.again(unreadable)
            if isinstance(found, Unreadable):
                continue
            del self._unreadable[name]
            if found is not None:
                _log.info("a deployment can be read again", extra={"deployment": name})
                self._know(name, found)
                self._take_over([self._keepers[name]], name)
                self._step_deployment(name)
            self.wake()

    def wake(self) -> None:
        """Look again at what runs: something has changed."""
        self._woken.set()

    def stop(self) -> None:
        """Begin to end everything; deployments stay on disk."""
        self._stopping = True
        self.wake()

    def leave(self) -> None:
        """End the agent alone: what it keeps goes on, and the next agent takes it over."""
        self._is_leaving = True
        self.wake()

    async def run(self) -> None:
        """Keep everything running until `leave`, or until `stop`; then end it: models first, the registry last."""
        while True:
            self._woken.clear()
            wake_at = self._step_safely()
            self._changes.show(self._shown())
            if self._is_leaving:
                self._changes.end()
                _log.info("the agent leaves; what it keeps goes on")
                return
            if self._stopping and self._is_empty():
                self._changes.end()
                self._sockets.end()
                return
            await self._sleep(min(wake_at or math.inf, time.monotonic() + _LONGEST_SLEEP_SECONDS))

    async def _sleep(self, until: float) -> None:
        """Wait until something has changed, a process that starts is ready, or it is time."""
        while not self._woken.is_set() and (rest := until - time.monotonic()) > 0:
            looks = [keeper.look() for keeper in self._all()]
            if any(looks):
                return
            is_starting = any(look is not None for look in looks)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), min(rest, _START_LOOK_SECONDS) if is_starting else rest)

    def uses(self) -> Uses:
        """Return what tells the registry which versions are served here."""

        def wanted() -> set[Use]:
            return set().union(*map(uses_of, self.deployments()))

        return Uses(self._launcher.registry_url, wanted, self._settings.use_seconds)

    async def tend_logs(self) -> None:
        """Keep the logs of everything that runs from growing without end, until cancelled."""
        await tend(self._home.logs, self._settings.log_bytes, self._settings.log_look_seconds)

    def deployments(self) -> list[ModelDeployment]:
        """Return every deployment with its status, by name."""
        return [self._stored[name].deployment for name in sorted(self._stored)]

    def deployment(self, name: str) -> ModelDeployment:
        """Return a deployment. Raises NotFound (`deployment_not_found`)."""
        return self._find(name).deployment

    def apply(self, given: ModelDeployment) -> tuple[ModelDeployment, bool]:
        """Keep a deployment from now on; return it as it is kept, and whether it is new.

        What failed before is tried again at once, even where the spec is the same. Raises Invalid (see `admit`),
        Conflict (`state_corrupt`) where the file of that name cannot be read, Unavailable (`platform_stopping`,
        `no_free_port`), and OSError where the document cannot be written.
        """
        if self._stopping or self._is_leaving:
            raise Unavailable("the platform is being shut down", code="platform_stopping")
        name = given.metadata.name
        self._readable(name)
        current = self._stored.get(name)
        admitted = admit(given, current.deployment if current is not None else None, datetime.now(UTC))
        keeper = self._keepers.get(name) or self._new_keeper(name)
        stored = StoredDeployment(port=keeper.port, uid=keeper.uid, deployment=admitted)
        if stored != current:
            try:
                self._store.save(stored)
            except OSError:
                if current is None:
                    keeper.close()
                raise
        self._stored[name], self._keepers[name] = stored, keeper
        if current is None or admitted.metadata.generation != current.deployment.metadata.generation:
            self._journal.asked(admitted, datetime.now(UTC))
        keeper.forgive()
        self._step_deployment(name)
        self.wake()
        return self.deployment(name), current is None

    def delete(self, name: str) -> ModelDeployment:
        """Forget a deployment and end its processes. Raises NotFound (`deployment_not_found`)."""
        stored = self._find(name)
        self._store.remove(name)
        del self._stored[name]
        self._journal.forget(name)
        self._leaving.append(self._keepers.pop(name))
        self._step()
        self.wake()
        return stored.deployment

    def history(self, name: str) -> History:
        """Return what a deployment was asked to serve. Raises NotFound (`deployment_not_found`)."""
        return History(items=self._journal.revisions(self.deployment(name)), damage=self._journal.damage(name))

    def events(self, name: str) -> list[DeploymentEvent]:
        """Return what happened to a deployment. Raises NotFound (`deployment_not_found`)."""
        self._find(name)
        return self._journal.events(name)

    def why(self, name: str) -> Why:
        """Return why a deployment does not serve, or that it does. Raises NotFound (`deployment_not_found`)."""
        deployment = self.deployment(name)
        evidence = Evidence(
            processes=self._keepers[name].statuses(),
            registry=self._registry.statuses()[-1],
            registry_url=self._launcher.registry_url,
            log=last_lines(self._home.log(name), _LOG_LINES),
        )
        return why_of(deployment, evidence)

    async def changed(self, word: str, seconds: float) -> None:
        """Wait until the agent shows another state than the one that `word` names, `seconds` at most."""
        await self._changes.after(word, seconds)

    def status(self) -> AgentStatus:
        """Return what the agent keeps, and how that is."""
        self._changes.show(self._shown())
        return AgentStatus(
            version=__version__,
            pid=os.getpid(),
            started_at=self._started_at,
            registry_url=self._launcher.registry_url,
            registry_ready=any(process.phase is Phase.READY for process in self._registry.seen().processes),
            change=self._changes.word,
            processes=self._processes(),
            deployments=self.deployments(),
            damaged=[self._damage(each) for each in self._unreadable.values()],
        )

    @staticmethod
    def _damage(unreadable: Unreadable) -> DamagedDeployment:
        return DamagedDeployment(name=unreadable.name, file=str(unreadable.file), message=unreadable.words())

    def _processes(self) -> list[ProcessStatus]:
        return [line for keeper in self._all() for line in keeper.statuses()]

    def _shown(self) -> object:
        return self._processes(), self.deployments(), set(self._unreadable)

    def _happened(self, name: str, event: DeploymentEvent) -> None:
        if name in self._keepers:
            self._journal.happened(name, event)

    def _all(self) -> list[Keeper]:
        return [self._registry, *self._keepers.values(), *self._leaving]

    def _is_empty(self) -> bool:
        return not any(keeper.seen().processes for keeper in self._all())

    def _step_safely(self) -> float | None:
        try:
            return self._step()
        except Exception:  # noqa: BLE001 - a fault of the agent's own must not end what serves
            _log.exception("the agent could not look at what runs; it tries again")
            return time.monotonic() + _AFTER_FAULT_SECONDS

    def _step(self) -> float | None:
        """Do what can be done now; return when to look again."""
        self._sockets.mend()
        self._look_again()
        models = [*self._keepers.values(), *self._leaving]
        if self._stopping:
            wakes = [keeper.step(_NOTHING) for keeper in models]
            busy = any(keeper.seen().processes for keeper in models)
            wakes.append(self._registry.step(_THE_REGISTRY if busy else _NOTHING))
        else:
            wakes = [self._registry.step(_THE_REGISTRY)]
            wakes += [keeper.step(_NOTHING) for keeper in self._leaving]
            if self._registry_has_answered():
                wakes += [self._step_deployment(name) for name in self._keepers]
        self._leaving = [keeper for keeper in self._leaving if keeper.seen().processes]
        return min((at for at in wakes if at is not None), default=None)

    def _registry_has_answered(self) -> bool:
        """Whether the registry was ready or failed once: models start after it, but not never."""
        seen = self._registry.seen()
        return bool(seen.attempts) or any(process.phase is not Phase.STARTING for process in seen.processes)

    def _step_deployment(self, name: str) -> float | None:
        stored, keeper = self._stored[name], self._keepers[name]
        wake_at = keeper.step(wanted_of(stored.deployment))
        status = status_of(stored.deployment, keeper.seen(), stored.port, datetime.now(UTC))
        if status != stored.deployment.status:
            state = status.conditions[0]
            _log.info(state.message, extra={"deployment": name, "reason": state.reason})
            deployment = stored.deployment.model_copy(update={"status": status})
            self._stored[name] = stored.model_copy(update={"deployment": deployment})
            self._journal.looked(deployment, datetime.now(UTC))
            try:
                self._store.save(self._stored[name])
            except OSError as error:  # a full disk must not end what serves; the next change writes it again
                _log.error("a status cannot be written", extra={"deployment": name, "why": str(error)})
        return wake_at

    def _new_keeper(self, name: str) -> Keeper:
        """Return a keeper on the lowest port that is free, and listen there."""
        for port in free_ports(self._ports.first_model, {self._ports.registry, *self._owned_ports()}):
            keeper = self._keeper(name, port, new_uid())
            with suppress(Conflict):
                keeper.open()
                return keeper
        raise Unavailable(f"no port from {self._ports.first_model} up is free", code="no_free_port")

    def _owned_ports(self) -> set[int]:
        damaged = {each.port for each in self._unreadable.values() if each.port is not None}
        return damaged | {stored.port for stored in self._stored.values()}

    def _keeper(self, name: str, port: int, uid: str) -> Keeper:
        return Keeper(name, port, partial(self._launch_model, name), self._options, uid)

    def _launch_registry(self, _revision: int) -> Launch:
        return self._launcher.registry()

    def _launch_model(self, name: str, version: int) -> Launch:
        stored = self._stored[name]
        return self._launcher.model(stored.deployment, stored.port, version)

    def _readable(self, name: str) -> None:
        """Raise Conflict (`state_corrupt`) where the deployment's file cannot be read, now as before."""
        if name in self._unreadable:
            self._look_again()
        if name in self._unreadable:
            raise self._unreadable[name].error()

    def _find(self, name: str) -> StoredDeployment:
        self._readable(name)
        stored = self._stored.get(name)
        if stored is None:
            raise NotFound(f"there is no deployment {name!r}", code="deployment_not_found")
        return stored
