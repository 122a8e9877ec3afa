"""A machine of one's own: a folder, ports, and an agent in it that keeps stand-ins for the services."""

import http.client
import json
import os
import random
import signal
import socket
import sys
from pathlib import Path

import psutil

from mlp.api.deployment import ConditionType, ModelDeployment
from mlp.client.home import Home
from mlp.errors import Precondition
from tests.forked import Forked
from tests.local.callers import PATIENCE, Callers, predict, until
from tests.local.typed_agent import TypedAgent
from tests.programs import agent

STAND_IN = json.dumps([sys.executable, str(Path(__file__).with_name("stand_in.py"))])


def free_port() -> int:
    """Return a port that nobody listens on, outside the range that connections take theirs from."""
    while True:
        port = random.randrange(10_000, 20_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


class Machine:
    """One home and the agents that are started for it; `settings` are for the agent."""

    def __init__(self, root: Path, settings: dict[str, str]) -> None:
        self.home = Home.locate(root / "home")
        self.registry_port, self.model_port = free_port(), free_port()
        self.settings = {"MLP_RETRY_SECONDS": "0.1", **settings}
        self.client = TypedAgent(self.home)
        self.agent: Forked | None = None
        self.output = root / "agent.log"
        self.termination = root / "agent.termination"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "MLP_HOME": str(self.home.root),
            "MLP_REGISTRY_PORT": str(self.registry_port),
            "MLP_MODEL_PORT": str(self.model_port),
            "MLP_TERMINATION_FILE": str(self.termination),
            **self.settings,
        }

    def spawn(self, *arguments: str) -> Forked:
        with self.output.open("ab") as output:
            streams = {1: output.fileno(), 2: output.fileno()}
            return Forked(agent, *arguments, environment=self.environment, streams=streams, session=True)

    def up(self) -> None:
        self.agent = self.spawn()

        def is_up():
            assert self.agent.poll() is None, self.output.read_text()
            try:
                return self.client.status().registry_ready
            except Precondition:
                return False

        until(is_up)

    def kill_agent(self) -> None:
        self.agent.kill()
        self.agent.wait()

    def down(self) -> None:
        """End the agent and everything with it."""
        if self.agent is not None and self.agent.poll() is None:
            self.agent.send_signal(signal.SIGINT)
            assert self.agent.wait(PATIENCE) == 0

    def clean(self) -> None:
        if self.agent is not None and self.agent.poll() is None:
            self.agent.kill()
            self.agent.wait()
        for process in self.processes():
            process.kill()

    def processes(self) -> list[psutil.Process]:
        """Return every process of this home that has not ended."""
        found = []
        for process in psutil.process_iter():
            try:
                termination = process.environ().get("MLP_TERMINATION_FILE", "")
                if termination.startswith(str(self.home.root)) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return found

    def deploy(self, given: ModelDeployment) -> ModelDeployment:
        """Hand in a deployment and return it as soon as it is what answers."""
        name = self.client.apply(given).metadata.name
        return self.serving(name)

    def serving(self, name="iris") -> ModelDeployment:
        def is_served():
            current = self.client.deployment(name)
            return current if current.is_ready() else None

        return until(is_served)

    def degraded(self, name="iris") -> ModelDeployment:
        def is_degraded():
            current = self.client.deployment(name)
            return current if current.status.condition(ConditionType.DEGRADED).status == "True" else None

        return until(is_degraded)

    def ask(self, port: int) -> dict:
        """Send one request over a connection of its own; callers wait while a process is started again."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            return predict(connection)
        finally:
            connection.close()

    def answers(self, port: int) -> dict | None:
        """Return the answer, or None where the connection is refused or breaks."""
        try:
            return self.ask(port)
        except (OSError, http.client.HTTPException):
            return None

    def callers(self, port: int, count: int = 6) -> Callers:
        return Callers(port, count)

    def until(self, holds):
        return until(holds)

    def pid_of(self, name: str) -> int:
        return next(line.pid for line in self.client.status().processes if line.name == name and line.pid)

    def pids(self) -> dict[str, int]:
        """Return the processes that the agent keeps, by their names."""
        return {line.name: line.pid for line in self.client.status().processes}

    def records(self, name: str) -> list[Path]:
        """Return the records of the processes of that name."""
        return list(self.home.run.glob(f"{name}.*.json"))

    def rewrite(self, name: str, **fields) -> None:
        """Change what is recorded of the processes of that name."""
        for path in self.records(name):
            path.write_text(json.dumps(json.loads(path.read_text()) | fields))


STAND_INS = {"MLP_REGISTRY_COMMAND": STAND_IN, "MLP_MODEL_COMMAND": STAND_IN, "MLP_DRAIN_SECONDS": "1"}
