"""What every test may use: a platform of its own, in a folder and on ports of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi
import pytest

from mlp.cli.app import main
from tests.forked import complete
from tests.object_store import Bucket, ObjectStore, new_bucket, object_store
from tests.scheduling import WholeFiles, place

# Before anything imports numpy: with workers on every core, threads of OpenMP only wait for each other, and they spin.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

ABROAD = {"MLP_TEST_S3_ENDPOINT", "MLP_E2E_CONTEXT"}
"""Settings that name a service which may be elsewhere."""
FIRST_PORT, LAST_PORT, BLOCK = 20_000, 32_000, 20


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: place(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeFiles | None:
    return WholeFiles(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(autouse=True, scope="session")
def _no_cluster_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whatever cluster the user's kubeconfig names, no test finds it by itself."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KUBECONFIG", str(tmp_path_factory.getbasetemp() / "no-kubeconfig"))
        yield


@pytest.fixture(autouse=True, scope="session")
def authorities_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str | None]:
    """Tests trust one authority and not all of a machine: each client of httpx loads them, which takes 40 ms.

    What a test asks is this machine, by HTTP or with an authority that it names; `ABROAD` is another matter.
    """
    users = os.environ.get("SSL_CERT_FILE")
    with pytest.MonkeyPatch.context() as environment:
        if not ABROAD & os.environ.keys():
            first, end, _ = Path(certifi.where()).read_text("utf-8").partition("-----END CERTIFICATE-----\n")
            file = tmp_path_factory.mktemp("authorities") / "one.pem"
            file.write_text(first + end, "utf-8")
            environment.setenv("SSL_CERT_FILE", str(file))
        yield users


@dataclass(frozen=True)
class CommandLine:
    """`mlp` with a home of its own and no terminal, in a process forked from one that has imported it already."""

    home: Path
    registry_port: int
    model_port: int
    folder: Path

    @property
    def registry_url(self) -> str:
        return f"http://127.0.0.1:{self.registry_port}"

    @property
    def environment(self) -> dict[str, str]:
        spared = {name: value for name, value in os.environ.items() if not name.startswith("MLP_")}
        return spared | {
            "KUBECONFIG": str(self.folder / "no-kubeconfig"),
            "MLP_HOME": str(self.home),
            "MLP_REGISTRY_PORT": str(self.registry_port),
            "MLP_MODEL_PORT": str(self.model_port),
            "MLP_TARGET": "local",
        }

    def run(
        self, *arguments: str, stdin: str | None = None, folder: Path | None = None, timeout: float = 90
    ) -> subprocess.CompletedProcess[str]:
        where, stdin = folder or self.folder, stdin or ""
        return complete(main, *arguments, environment=self.environment, timeout=timeout, stdin=stdin, folder=where)

    def succeed(self, *arguments: str, **options) -> str:
        """Run a command that has to end well, and return what it wrote to stdout."""
        ran = self.run(*arguments, **options)
        assert ran.returncode == 0, f"mlp {' '.join(arguments)} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
        return ran.stdout


def free_block() -> int:
    """Return the first of a block of ports of which none is in use."""
    start = FIRST_PORT + os.getpid() % 100 * BLOCK
    for first in [*range(start, LAST_PORT, BLOCK), *range(FIRST_PORT, start, BLOCK)]:
        if all(is_free(port) for port in range(first, first + BLOCK)):
            return first
    raise RuntimeError("no block of free ports")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@pytest.fixture(scope="session")
def s3() -> Iterator[ObjectStore]:
    """An S3 that all tests of this process share."""
    with object_store() as store:
        yield store


@pytest.fixture
def bucket(s3: ObjectStore) -> Iterator[Bucket]:
    """The name of a bucket that is not there; it is removed at the end."""
    bucket = new_bucket(s3)
    yield bucket
    bucket.remove()


@pytest.fixture(scope="module")
def command_line() -> Iterator[CommandLine]:
    """`mlp` with a home of its own, where nothing runs yet; whatever runs at the end is ended."""
    root = Path(tempfile.mkdtemp(prefix="mlp-"))
    first = free_block()
    folder = root / "work"
    folder.mkdir()
    line = CommandLine(home=root / "home", registry_port=first, model_port=first + 1, folder=folder)
    try:
        yield line
    finally:
        line.run("down")
        shutil.rmtree(root)


@pytest.fixture(scope="module")
def platform(command_line: CommandLine) -> CommandLine:
    """`mlp` where the local platform runs."""
    command_line.succeed("up")
    return command_line
