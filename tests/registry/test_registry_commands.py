"""`mlp model rm|archive|unarchive` and `mlp registry …`, against a registry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
from registry_process import Registry
from sample_models import linear_model

from mlp.cli.reference import fixed_reference
from mlp.client.registry import RegistryClient
from mlp.errors import Invalid
from tests.forked import mlp_command

Mlp = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def mlp(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Mlp:
    home = str(tmp_path_factory.mktemp("home"))

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return mlp_command(*arguments, **{"MLP_HOME": home, "MLP_REGISTRY_URL": registry.url} | settings)

    return run


def push(client: RegistryClient, name: str, *slopes: int) -> None:
    for slope in slopes:
        sample = linear_model(slope)
        client.push(name, sample.manifest, sample.onnx)


def test_rm_asks_first_and_names_what_needs_it(mlp: Mlp, client: RegistryClient, registry: Registry) -> None:
    push(client, "iris", 1, 2)
    client.aliases.set("iris", "production", 1)
    unasked = mlp("model", "rm", "iris:2")
    assert (unasked.returncode, unasked.stdout) == (7, "")
    assert "--yes" in unasked.stderr
    refused = mlp("model", "rm", "iris:1", "--yes")
    assert refused.returncode == 1
    assert "MLP5204 iris:1 is needed: iris@production points to it" in refused.stderr
    gone = mlp("model", "rm", "iris:2", "--yes", "-o", "json")
    assert json.loads(gone.stdout) == {"name": "iris", "version": 2, "deleted": True}
    assert client.model("iris").latest_version == 1
    client.aliases.remove("iris", "production")
    terminal = pexpect.spawn(
        sys.executable, ["-m", "mlp", "model", "rm", "iris"], env=os.environ | {"MLP_REGISTRY_URL": registry.url}
    )
    terminal.expect("Delete model iris and all its versions", timeout=60)
    terminal.sendline("y")
    terminal.expect("iris is deleted", timeout=60)
    terminal.expect(pexpect.EOF)
    assert mlp("model", "rm", "iris", "--yes").returncode == 5


def test_archive_and_unarchive(mlp: Mlp, client: RegistryClient, registry: Registry) -> None:
    push(client, "churn", 3, 4)
    assert "churn:2 is archived" in mlp("model", "archive", "churn:2").stderr
    assert registry.numbers("churn") == [1]
    header, newest, oldest = mlp("model", "ls", "churn", "--archived").stdout.splitlines()
    assert header.endswith("ARCHIVED")
    assert (newest[0], newest[-1], oldest[0], oldest[-1]) == ("2", "s", "1", "-")
    assert "\narchived " in mlp("model", "show", "churn:2").stdout
    assert mlp("model", "unarchive", "churn:2").returncode == 0
    assert registry.numbers("churn") == [2, 1]


def test_an_alias_is_not_what_is_deleted_or_archived() -> None:
    assert (fixed_reference("iris").version, fixed_reference("iris:2").version) == (None, 2)
    with pytest.raises(Invalid, match="iris@production may point elsewhere"):
        fixed_reference("iris@production")


def test_a_backup_is_written_and_restored(mlp: Mlp, client: RegistryClient, registry: Registry, tmp_path: Path) -> None:
    push(client, "kept", 7)
    file, other = tmp_path / "backup.tar", tmp_path / "other"
    written = mlp("registry", "backup", str(file), MLP_REGISTRY_DATA=str(registry.data))
    assert f"✓ {file} holds " in written.stderr, written.stderr
    restored = mlp("registry", "restore", str(file), "-o", "json", MLP_REGISTRY_DATA=str(other))
    assert json.loads(restored.stdout)["rows"]["versions"] >= 1


def test_what_works_on_the_data_itself_is_refused_elsewhere(mlp: Mlp, registry: Registry, tmp_path: Path) -> None:
    refused = mlp("registry", "backup", str(tmp_path / "backup.tar"))
    assert (refused.returncode, "MLP5609" in refused.stderr) == (3, True)
    assert registry.url in refused.stderr


def test_gc_shows_and_then_deletes(mlp: Mlp, client: RegistryClient, registry: Registry) -> None:
    push(client, "garbage", 5)
    made = client.version("garbage", 1)
    blob = registry.data / "blobs" / "sha256" / made.sha256[:2] / made.sha256
    client.delete("garbage")
    assert "no unused blobs" in mlp("registry", "gc").stdout
    shown = mlp("registry", "gc", "--grace", "0s")
    assert made.sha256 in shown.stdout
    assert "would go" in shown.stdout
    assert "--delete" in shown.stderr
    assert mlp("registry", "gc", "--grace", "0s", "--delete").returncode == 7
    assert blob.exists()
    report = json.loads(mlp("registry", "gc", "--grace", "0s", "--delete", "--yes", "-o", "json").stdout)
    assert report["dry_run"] is False
    assert made.sha256 in [each["sha256"] for each in report["unused"]]
    assert not blob.exists()
    assert mlp("registry", "gc", "--grace", "soon").returncode == 2
    assert mlp("registry", "gc", "--grace", "100000h").returncode == 2


def test_gc_ends_with_1_when_a_version_lost_its_blob(mlp: Mlp, client: RegistryClient, registry: Registry) -> None:
    push(client, "lost", 6)
    made = client.version("lost", 1)
    (registry.data / "blobs" / "sha256" / made.sha256[:2] / made.sha256).unlink()
    told = mlp("registry", "gc")
    assert told.returncode == 1
    assert "lost:1 (missing)" in told.stderr
    client.delete("lost")
