"""Real model servers as processes, and a registry as small as one can be: the routes that a server asks for."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package; what they share lies beside them

from served_models import Published, iris

from tests.forked import Forked, spared
from tests.programs import model_server

START_SECONDS = 30.0


@dataclass
class Running:
    """A model server's process that has said that it is ready."""

    process: subprocess.Popen[bytes] | Forked
    ready: dict[str, Any]
    log_file: Path
    http: httpx.Client

    @property
    def port(self) -> int:
        return int(self.ready["port"])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def predict(self, **request: Any) -> httpx.Response:
        return self.http.post("/predict", json=request)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]


@dataclass
class Ended:
    """A model server's process that could not start."""

    code: int
    reason: str | None
    message: str
    log: list[dict[str, Any]]


@dataclass
class Launcher:
    """Starts model servers, and ends what is left when the test is over.

    They are forked, unless the start itself matters (`anew`) or they inherit a socket.
    """

    folder: Path
    anew: bool = False
    started: list[subprocess.Popen[bytes] | Forked] = field(default_factory=list)
    clients: list[httpx.Client] = field(default_factory=list)

    def spawn(
        self, inherited: tuple[int, ...] = (), flags: tuple[str, ...] = (), **settings: Any
    ) -> tuple[subprocess.Popen[bytes] | Forked, int, Path]:
        """Start a process; return it, the end of its pipe to read from, and its log."""
        said, tell = os.pipe()
        log_file = self.folder / f"{len(self.started)}.log"
        environment = {
            **spared(),
            "MLP_PORT": "0",
            "MLP_CACHE_DIR": str(self.folder / "cache"),
            "MLP_TERMINATION_FILE": str(self.folder / f"{len(self.started)}.termination"),
            "MLP_DRAIN_SECONDS": "0.2",
            **{f"MLP_{name.upper()}": str(value) for name, value in settings.items()},
        }
        with log_file.open("wb") as log:
            process = self._begin(log.fileno(), tell, inherited, flags, environment)
        os.close(tell)
        self.started.append(process)
        return process, said, log_file

    def _begin(
        self, log: int, ready: int, inherited: tuple[int, ...], flags: tuple[str, ...], environment: dict[str, str]
    ) -> subprocess.Popen[bytes] | Forked:
        if not self.anew and not inherited:
            streams = {2: log}
            return Forked(
                model_server, *flags, environment=environment, streams=streams, ready=ready, folder=self.folder
            )
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "mlp.inference", *flags],
            env=environment | {"MLP_READY_FD": str(ready)},
            stderr=log,
            pass_fds=(ready, *inherited),
            cwd=self.folder,
        )

    def start(self, inherited: tuple[int, ...] = (), flags: tuple[str, ...] = (), **settings: Any) -> Running:
        """Start a server and wait until it is ready."""
        process, said, log_file = self.spawn(inherited, flags, **settings)
        readable, _, _ = select.select([said], [], [], START_SECONDS)
        with os.fdopen(said) as pipe:
            line = pipe.readline() if readable else ""
        assert line, f"the server did not start: {log_file.read_text()}"
        ready = json.loads(line)
        client = httpx.Client(base_url=f"http://127.0.0.1:{ready['port']}", timeout=20)
        self.clients.append(client)
        return Running(process, ready, log_file, client)

    def fail(self, **settings: Any) -> Ended:
        """Start a server that cannot start, and wait for its end."""
        termination = self.folder / f"{len(self.started)}.termination"
        process, said, log_file = self.spawn(**settings)
        code = process.wait(START_SECONDS)
        with os.fdopen(said) as pipe:
            assert pipe.read() == "", "a server that could not start said that it was ready"
        told = json.loads(termination.read_text()) if termination.exists() else {}
        log = [json.loads(line) for line in log_file.read_text().splitlines()]
        return Ended(code, told.get("reason"), told.get("message", ""), log)

    def end(self) -> None:
        for client in self.clients:
            client.close()
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait(20)


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Launcher]:
    launcher = Launcher(tmp_path)
    yield launcher
    launcher.end()


class Registry:
    """Speaks the registry's two routes that a model server needs; what it holds can be changed under way."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.artifacts: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.authorizations: set[str | None] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def publish(self, published: Published) -> dict[str, Any]:
        """Hold a version; return the settings of a server of it."""
        version = published.version
        path = f"/models/{version.name}/versions/{version.version}"
        self.documents[path] = version.model_dump(mode="json")
        self.artifacts[f"{path}/artifact"] = published.blob
        return {"model_name": version.name, "model_version": version.version, "registry_url": self.url}

    def stop(self) -> None:
        if not self._thread.is_alive():
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(registry: Registry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            registry.asked.append(self.path)
            registry.authorizations.add(self.headers.get("Authorization"))
            path = self.path.partition("?")[0]  # servers ask for the way to the bytes; this registry sends them itself
            if path in registry.artifacts:
                return self._answer(200, registry.artifacts[path])
            if self.path in registry.documents:
                return self._answer(200, json.dumps(registry.documents[self.path]).encode())
            error = {"code": "version_not_found", "message": "there is no such version", "request_id": "r"}
            return self._answer(404, json.dumps({"error": error}).encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@pytest.fixture
def registry() -> Iterator[Registry]:
    registry = Registry()
    yield registry
    registry.stop()


@pytest.fixture(scope="session")
def shared_launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    launcher = Launcher(tmp_path_factory.mktemp("inference"))
    yield launcher
    launcher.end()


@pytest.fixture(scope="session")
def shared_registry() -> Iterator[Registry]:
    registry = Registry()
    yield registry
    registry.stop()


@pytest.fixture(scope="session")
def serving(shared_launcher: Launcher, shared_registry: Registry) -> Callable[[Callable[[], Published]], Running]:
    """Return the one server of a model that all tests share which only ask it."""
    running: dict[str, Running] = {}

    def serve(model: Callable[[], Published]) -> Running:
        if model.__name__ not in running:
            settings = shared_registry.publish(model())
            running[model.__name__] = shared_launcher.start(max_body_bytes=100_000, grpc_port=0, **settings)
        return running[model.__name__]

    return serve


@pytest.fixture
def iris_server(serving: Callable[[Callable[[], Published]], Running]) -> Running:
    return serving(iris)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A listening socket to hand down, as the agent does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.set_inheritable(True)
        yield listener
