"""The target `local`: an agent on this machine that keeps processes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mlp import __version__
from mlp.api.documents import (
    AgentDocument,
    DeploymentDocument,
    EventDocument,
    ProcessDocument,
    RevisionDocument,
    WhyDocument,
)
from mlp.api.reference import check_name
from mlp.client.agent import AgentClient
from mlp.client.home import Home
from mlp.client.marked import can_be_found, marked
from mlp.client.refusals import code_of
from mlp.errors import DeadlineExceeded, Failed, NotFound, Precondition
from mlp.targets.base import Platform, Report, Watch, Wrong, unheard, unwatched
from mlp.targets.ready import has_returned, serves_nothing, wait_ready

if TYPE_CHECKING:
    from mlp.api.deployment import ModelDeployment
    from mlp.targets.agent_process import AgentProcess

_LOOK_SECONDS = 0.03
_LONGEST_WAIT_SECONDS = 10.0
_LISTED = 8
"""How many names a message has room for."""
_REPLACEMENT_SECONDS = 3.0
"""How long whoever watches waits for an agent that takes the place of one that left."""


class LocalTarget:
    """The platform in one folder of this machine."""

    name = "local"

    def __init__(self, home: Home) -> None:
        self._home = home
        self._agent = AgentClient(home)

    def close(self) -> None:
        """Do nothing: no connection to the agent is kept."""

    def describe(self) -> str:
        """Return the word and the folder."""
        return f"local ({self._home.root})"

    def up(
        self,
        report: Report,
        *,
        timeout: float,
        registry_port: int | None = None,
        model_port: int | None = None,
        watch: Watch = unwatched,
        wrong: Wrong = unheard,
    ) -> Platform:
        """Start agent and registry in the background, or find that they run, and wait for them.

        Deployments of an earlier run come back too; one that cannot is told to `wrong` and does not fail this. An agent
        of another version of mlp is replaced: its processes serve on until those of this version do.
        Raises Precondition (`missing_extra`, `port_taken`, `home_not_writable` …), Failed (`agent_failed`,
        `registry_failed`) with the reason, and DeadlineExceeded.
        """
        deadline = time.monotonic() + timeout
        self._home.mark()
        if self._home.is_kept():
            self._take_over(report, deadline)
        ports = {"MLP_REGISTRY_PORT": registry_port, "MLP_MODEL_PORT": model_port}
        named = {name: str(port) for name, port in ports.items() if port is not None}
        status, is_new = self._start_and_wait(named, deadline)
        adopted = sum(line.get("is_adopted", False) for line in status["processes"])
        if not is_new:
            report("the platform runs already")
        elif adopted:
            report(f"took over {adopted} process{'es' if adopted > 1 else ''} of an earlier agent")
        report(f"registry: ready at {status['registry_url']}")
        waits = partial(self._wait, report=unheard, patient=False)
        left_out = [each for each in status["deployments"] if not has_returned(each, waits, report, wrong, deadline)]
        names = [each["metadata"]["name"] for each in left_out]
        platform = self.platform()
        for damaged in platform.damaged:
            wrong(Precondition(f"{damaged['name']}: {damaged['message']}", code="state_corrupt"))
            names.append(damaged["name"])
        return replace(platform, left_out=tuple(names))

    def down(self, report: Report, *, timeout: float, purge: bool = False, wrong: Wrong = unheard) -> None:
        """End every process and wait for that; also those that a killed agent left behind, recorded or not.

        Raises DeadlineExceeded naming what still runs, Failed (`still_running`), and Precondition: `home_too_new` where
        only a newer mlp knows what runs, `not_a_home` for `purge`.
        """
        deadline = time.monotonic() + timeout
        runs = self._home.is_kept()
        if runs:
            self._shut_down(deadline)
        else:
            self._home.check_format()
        was_left = self._sweep(wrong)
        report("the platform is down" if runs or was_left else "the platform does not run")
        if purge:
            from mlp.targets.purge import purge as purge_home

            purge_home(self._home)
            report(f"deleted {self._home.root}")

    def _sweep(self, wrong: Wrong) -> bool:
        """End what is left of an agent, and look that nothing is; return whether there was anything."""
        if not any(self._home.run.glob("*.json")) and not any(marked(self._home.root)):
            return False
        from mlp.targets.agent_process import sweep

        damaged = sweep(self._home)
        for each in damaged:
            became = "no process of it runs" if each.pid is None else f"its process {each.pid} was found and ended"
            wrong(Precondition(f"{each.file} could not be read: {became}", code="record_unreadable"))
        left = ", ".join(f"{each.name} ({each.pid})" for each in marked(self._home.root))
        if left:
            raise Failed(f"still running: {left}", code="still_running")
        if damaged and not can_be_found():
            words = f"{damaged[0].file} cannot be read, so it is not known whether its process runs"
            raise Failed(words, code="record_unreadable")
        return True

    def platform(self) -> Platform:
        """Return what the agent says of itself."""
        return self._platform(self._agent.status())

    def changes(self, *, idle: float) -> Iterator[Platform]:
        """Yield what the agent says of itself, whenever that changes."""
        status = self._agent.status()
        while True:
            yield self._platform(status)
            status = self._next_status(status.get("change", ""), idle)

    def _next_status(self, change: str, idle: float) -> AgentDocument:
        """Wait for a change; an agent that leaves has a moment to be replaced by the next one."""
        give_up = None
        while True:
            try:
                return self._agent.status(change, idle)
            except Precondition:
                give_up = give_up or time.monotonic() + _REPLACEMENT_SECONDS
                if time.monotonic() > give_up:
                    raise
                time.sleep(_LOOK_SECONDS)

    def history(self, name: str, wrong: Wrong = unheard) -> Sequence[RevisionDocument]:
        """Return what a deployment was asked to serve."""
        told = self._agent.history(name)
        damage = told.get("damage")
        if damage:
            wrong(Precondition(damage, code="history_damaged", details={"name": name}))
        return told["items"]

    def events(self, name: str) -> Sequence[EventDocument]:
        """Return what happened to a deployment."""
        return self._agent.events(name)

    def why(self, name: str) -> WhyDocument:
        """Return the chain from a deployment to what keeps it from serving."""
        return self._agent.why(name)

    def _platform(self, status: AgentDocument) -> Platform:
        return Platform(
            target=self.name,
            location=str(self._home.root),
            registry_url=status["registry_url"],
            registry_ready=status["registry_ready"],
            processes=status["processes"],
            deployments=status["deployments"],
            damaged=status.get("damaged", []),
        )

    def registry_url(self) -> str:
        """Return where the registry answers."""
        return self._agent.status()["registry_url"]

    def registry_token(self) -> str | None:
        """Return None: the registry of one machine answers on loopback alone."""
        return None

    def apply(self, deployment: ModelDeployment) -> DeploymentDocument:
        """Hand in a deployment. Raises Invalid (`immutable_field`, `reserved_name`)."""
        return self._agent.apply(deployment)

    def not_applied(self, deployment: ModelDeployment) -> list[str]:
        """Return what needs a cluster: replicas, autoscaling and resources."""
        from mlp.api.deployment import Resources

        spec = deployment.spec
        autoscaling = spec.autoscaling is not None and spec.autoscaling.enabled
        notes = []
        if autoscaling:
            notes.append("autoscaling is not applied on one machine: one process serves")
        elif spec.replicas > 1:
            notes.append(f"replicas: {spec.replicas} is not applied on one machine: one process serves")
        if spec.resources != Resources():
            notes.append("resources are not applied on one machine")
        return notes

    def get(self, name: str) -> DeploymentDocument:
        """Return a deployment."""
        return self._agent.deployment(name)

    def list(self) -> list[DeploymentDocument]:
        """Return every deployment."""
        return self._agent.deployments()

    def wait_ready(self, deployment: DeploymentDocument, report: Report, *, timeout: float) -> DeploymentDocument:
        """Wait until the deployment serves what this generation asks for; a suspended one has nothing to wait for."""
        return self._wait(deployment, report=report, timeout=timeout, patient=True)

    def _wait(
        self, deployment: DeploymentDocument, *, report: Report, timeout: float, patient: bool
    ) -> DeploymentDocument:
        statuses = self._statuses(time.monotonic() + timeout)

        def get(name: str) -> DeploymentDocument:
            found = (each for each in next(statuses)["deployments"] if each["metadata"]["name"] == name)
            return next(found, None) or self.get(name)

        return wait_ready(get, deployment, report, timeout=timeout, look_seconds=0.0, patient=patient)

    def _statuses(self, deadline: float) -> Iterator[AgentDocument]:
        """Yield what the agent says now and at each change, so that nobody has to ask again and again."""
        status = self._agent.status()
        while True:
            yield status
            rest = max(_LOOK_SECONDS, deadline - time.monotonic())
            status = self._next_status(status.get("change", ""), min(rest, _LONGEST_WAIT_SECONDS))

    def delete(self, name: str) -> None:
        """Delete a deployment; its process finishes what it has."""
        self._agent.delete(name)

    def endpoint(self, name: str) -> str:
        """Return where a deployment answers."""
        deployment = self.get(name)
        status = deployment.get("status") or {}
        url = status.get("url")
        if url is None or status.get("servedVersion") is None:
            raise serves_nothing(deployment)
        return url

    def logs(
        self, name: str, *, tail: int | None = None, follow: bool = False, since: float | None = None
    ) -> Iterator[str]:
        """Yield lines of a deployment, `registry` or `agent`, whether the platform runs or not.

        Raises NotFound (`log_not_found`, `deployment_not_found`), and Precondition (`platform_not_running`) where none
        ever ran.
        """
        from mlp.targets.logfile import read_log

        check_name(name, "deployment name")
        try:
            return read_log(self._home.log(name), tail, follow, since)
        except NotFound as error:
            with suppress(Precondition):
                self.get(name)
            raise self._without_log(error) from None

    def _without_log(self, error: NotFound) -> NotFound | Precondition:
        """Return what to say of a log that is not there: whose logs are, or that nothing has run yet."""
        if not self._home.agent_file.exists():
            return Precondition(f"no platform has run in {self._home.root} yet", code="platform_not_running")
        names = sorted(path.stem for path in self._home.logs.glob("*.log"))
        if not names:
            return error
        listed = ", ".join([*names[:_LISTED], *(["…"] if names[_LISTED:] else [])])
        return NotFound(f"{error.message}; there are logs of {listed}", code=error.code, details=error.details)

    def _start_and_wait(self, settings: Mapping[str, str], deadline: float) -> tuple[AgentDocument, bool]:
        """Start an agent where none lives, also where one dies meanwhile, and wait until the registry is ready.

        Return what the agent says, and whether one was started here.
        """
        process = restarts = broken = None
        while True:
            if process is None and not self._home.is_kept():
                process = self._start(settings)
            with suppress(Precondition):
                status = self._agent.status()
                if status["registry_ready"]:
                    return status, process is not None
                registry = next(line for line in status["processes"] if line["name"] == "registry")
                failures = registry.get("restarts", 0)
                if restarts is not None and failures > restarts:
                    broken = _not_starting(registry)
                restarts = failures
            failure = process.failure() if process is not None else None
            if failure is not None and failure.code != "agent_running":
                raise failure
            if broken is not None:
                raise broken
            if time.monotonic() > deadline:
                raise DeadlineExceeded("the registry did not become ready in time; 'mlp logs registry' may say why")
            time.sleep(_LOOK_SECONDS)

    def _take_over(self, report: Report, deadline: float) -> None:
        """Let an agent of another version leave."""
        try:
            running = self._agent.status()["version"]
        except Precondition:  # it still starts, so it was started just now, or it is about to end
            return
        if running == __version__:
            return
        from mlp.targets.agent_process import require_extra

        require_extra()
        report(f"the agent is mlp {running}: mlp {__version__} takes over what it keeps")
        self._agent.handover()
        while self._home.is_kept():
            if time.monotonic() > deadline:
                raise DeadlineExceeded("the agent did not leave in time", code="shutdown_timeout")
            time.sleep(_LOOK_SECONDS)

    def _start(self, settings: Mapping[str, str]) -> AgentProcess:
        from mlp.targets.agent_process import AgentProcess, require_extra

        require_extra()
        try:
            self._home.create()
            return AgentProcess.start(self._home, settings)
        except OSError as error:
            code = code_of(error)
            code = "home_not_writable" if code == "folder_unusable" else code
            where = error.filename or self._home.root
            raise Precondition(f"{where} cannot be written: {error.strerror}", code=code) from error

    def _shut_down(self, deadline: float) -> None:
        """Tell the agent to end, as soon as it listens, and wait until it has."""
        told, left = False, "the agent"
        while self._home.is_kept():
            with suppress(Precondition):
                if not told:
                    self._agent.shutdown()
                    told = True
                lines = self._agent.status()["processes"]
                running = [f"{line['name']} ({line['pid']})" for line in lines if line.get("pid")]
                left = ", ".join(running) or left
            if time.monotonic() > deadline:
                raise DeadlineExceeded(f"still running: {left}", code="shutdown_timeout")
            time.sleep(_LOOK_SECONDS)


def _not_starting(registry: ProcessDocument) -> Failed | Precondition:
    """Return what to say of a registry that ended instead of becoming ready."""
    words = f"the registry does not start: {registry.get('message', '')}"
    if registry.get("reason") == "DiskFull":
        return Precondition(words, code="disk_full")
    return Failed(words, code="registry_failed")
