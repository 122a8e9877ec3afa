"""Looking for what is wrong, and packing what helps somebody else to find it."""

from __future__ import annotations

import json
import re
import tarfile

import pytest

from mlp.cli.dev import name_for
from mlp.errors import Invalid
from tests.cli.conftest import deploy
from tests.cli.stand_in_platform import FAILING

CANARY = "CANARYcanary0123456789"


def test_a_machine_where_all_is_well(mlp, platform):
    ran = mlp("doctor", "-o", "json")
    assert ran.code == 0
    found = {each["part"]: each["level"] for each in json.loads(ran.out)}
    assert found["registry"] == found["iris"] == found["folder"] == "ok"


def test_a_machine_where_nothing_runs_is_warned_of_and_told_what_to_do(mlp):
    ran = mlp("doctor")
    assert ran.code == 0
    assert re.search(r"^platform +warning +MLP1003", ran.out, re.MULTILINE)
    assert "MLP1003 platform: mlp up" in ran.out


def test_what_is_wrong_has_a_code_a_fix_and_exit_code_3(mlp, platform):
    deploy(platform, FAILING)
    ran = mlp("doctor")
    assert ran.code == 3
    assert re.search(r"^iris +error +MLP2204 row 3 differs$", ran.out, re.MULTILINE)
    assert ran.err.startswith("✗ MLP2204 iris: row 3 differs")


@pytest.mark.parametrize(
    ("content", "code"),
    [("{", "MLP1108"), ('{"version": "9", "pid": 1, "started_at": "2026-01-01T00:00:00Z", "format": 99}', "MLP1109")],
)
def test_a_state_folder_that_cannot_be_read_is_found(mlp, tmp_path, content, code):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "agent.json").write_text(content)
    ran = mlp("doctor")
    assert ran.code == 3
    assert code in ran.out
    assert ran.err.count("\n") == 2


def test_a_bundle_holds_state_and_logs_and_no_secret(mlp, platform, stand_in, tmp_path, monkeypatch):
    home, _ = stand_in
    (home / "logs").mkdir(exist_ok=True)
    log = f"Authorization: Bearer {CANARY}\npostgresql://ann:{CANARY}@db/mlp\n" + "x" * 300_000 + "\nthe end\n"
    (home / "logs" / "registry.log").write_text(f'{{"token": "{CANARY}"}}\n{log}{{"password": "{CANARY}"}}\n')
    (tmp_path / "config.toml").write_text(f'registry_url = "http://ann:{CANARY}@127.0.0.1:1"\n')
    (tmp_path / "token").write_text(CANARY)
    monkeypatch.setenv("MLP_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("MLP_REGISTRY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("MLP_REGISTRY_S3_SECRET_KEY", CANARY)
    deploy(platform, FAILING)
    ran = mlp("doctor", "--bundle", "bug.tar.gz")
    assert ran.code == 0
    assert CANARY not in ran.out + ran.err
    with tarfile.open("bug.tar.gz") as bundle:
        files = {each.name.partition("/")[2]: bundle.extractfile(each).read().decode() for each in bundle.getmembers()}
    assert {"checkup.json", "status.json", "config.toml", "logs/registry.log", "deployments/iris.json"} <= set(files)
    assert all(name in ran.err for name in files)
    assert CANARY not in "".join(files.values())
    assert "the end" in files["logs/registry.log"]
    assert len(files["logs/registry.log"]) < 210_000
    assert json.loads(files["deployments/iris.json"])["why"]["reason"] == "GoldenRowsFailed"
    assert (tmp_path / "bug.tar.gz").stat().st_mode & 0o777 == 0o600
    assert mlp("doctor", "--bundle", "bug.tar.gz").code == 3


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("iris.joblib", "iris-dev"),
        ("My Model_v2.pkl", "my-model-v2-dev"),
        ("3.onnx", "model-3-dev"),
        (f"{'x' * 80}.onnx", f"{'x' * 46}-dev"),
    ],
)
def test_a_file_is_served_under_a_name_of_its_own(tmp_path, file, name):
    assert name_for(tmp_path / file, None) == name


def test_a_name_that_is_given_is_taken_or_refused(tmp_path):
    assert name_for(tmp_path / "iris.joblib", "flowers") == "flowers"
    with pytest.raises(Invalid):
        name_for(tmp_path / "iris.joblib", "Flowers!")
