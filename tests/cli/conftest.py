"""`mlp` in this process, beside a platform that answers from memory."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlp.api.deployment import ModelDeployment, ObjectMeta, Spec
from mlp.cli import app
from tests.cli.stand_in_platform import FEATURES, Platform, receipt, running, signature


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


Mlp = Callable[..., Ran]


@pytest.fixture(scope="session")
def stand_in() -> Iterator[tuple[Path, Platform]]:
    home = Path(tempfile.mkdtemp(prefix="mlp-"))
    platform, end = running(home)
    yield home, platform
    end()
    shutil.rmtree(home)


@pytest.fixture
def mlp(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Mlp:
    """Runs a command where no platform runs, and where no setting of the user counts."""
    for name in ("MLP_TARGET", "MLP_REGISTRY_URL", "MLP_REGISTRY_TOKEN_FILE", "MLP_ACCESSIBLE", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = app.run(arguments)
        written = capsys.readouterr()
        return Ran(code, written.out, written.err)

    return run


@pytest.fixture
def platform(stand_in: tuple[Path, Platform], mlp: Mlp, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A platform with two versions of iris, of which the first is deployed; `mlp` finds it."""
    home, platform = stand_in
    monkeypatch.setenv("MLP_HOME", str(home))
    monkeypatch.setenv("MLP_TARGET", "local")
    for known in (platform.versions, platform.aliases, platform.deployments, platform.revisions, platform.damaged):
        known.clear()
    platform.asked.clear()
    platform.says = platform.damage = None
    platform.push("iris", 1, b"one", signature(*FEATURES), receipt("setosa", "versicolor", "virginica"))
    platform.push("iris", 2, b"the second", signature(*FEATURES), receipt("setosa", "virginica", "virginica"))
    platform.push("iris", 9, b"nine", signature(*FEATURES), receipt("setosa"))
    platform.aliases["iris"] = {"production": 1}
    deploy(platform, 1)
    return platform


def deploy(platform: Platform, version: int, name: str = "iris") -> ModelDeployment:
    spec = Spec(model_name="iris", model_version=version)
    return platform.deploy(ModelDeployment(metadata=ObjectMeta(name=name), spec=spec))
