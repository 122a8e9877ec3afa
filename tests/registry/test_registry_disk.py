"""A disk that is full, for real: what needs room says so, all else goes on, and so does a push once there is room."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from registry_process import Registry, kill
from sample_models import announce, code_of, linear_model, put

SMALL = "size=8m,mode=0700"
NO_ROOM = (507, "insufficient_storage")
# The mount is the process's own, and ends with it.
ALONE = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)), "sh", "-c")
COMMAND = f'mount -t tmpfs -o {SMALL} none "$MLP_REGISTRY_DATA" && exec "$0" -m mlp.registry'


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry on SQLite and files whose data folder is a file system of 8 MiB."""
    folder = tmp_path_factory.mktemp("disk")
    registry = Registry(folder / "data", (*ALONE, COMMAND, sys.executable))
    registry.data.mkdir(mode=0o700)
    trial = subprocess.run(
        [*ALONE, f"mount -t tmpfs -o {SMALL} none '{registry.data}'"], capture_output=True, text=True, check=False
    )
    if trial.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {trial.stderr.strip()}")
    yield registry.start()
    kill(registry)


@pytest.fixture
def disk(registry: Registry) -> Path:
    """The registry's data folder, as the registry sees it."""
    return Path(f"/proc/{registry.process.pid}/root{registry.data}")


def fill(disk: Path) -> None:
    """Write a file until nothing more fits."""
    with (disk / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4_096))
        except OSError:
            return


def refusal(answer: httpx.Response) -> tuple[int, str]:
    assert int(answer.headers["retry-after"]) > 0
    return answer.status_code, code_of(answer)


def test_a_full_disk_is_told_and_got_over_without_a_restart(registry: Registry, disk: Path) -> None:
    kept, small = linear_model(1), linear_model(2)
    with registry.client() as client, registry.http() as http:
        client.push("iris", kept.manifest, kept.onnx)
        upload = announce(http, "iris", small).json()["id"]
        fill(disk)
        assert refusal(http.get("/ready")) == NO_ROOM
        assert refusal(put(http, "iris", upload, small.onnx)) == NO_ROOM
        assert http.get("/health").status_code == 200
        assert http.get("/models/iris/versions").json()["items"][0]["version"] == 1
        assert http.get("/models/iris/versions/1/artifact").content == kept.onnx
        (disk / "filler").unlink()
        deadline = time.monotonic() + 10
        while http.get("/ready").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert put(http, "iris", upload, small.onnx).json()["version"] == 2
    check_log(registry)


def test_a_model_that_does_not_fit_leaves_room_for_others(registry: Registry, disk: Path) -> None:
    large, small = linear_model(3, padding=12_000_000), linear_model(4)
    with registry.client() as client, registry.http() as http:
        upload = announce(http, "large", large).json()["id"]
        assert refusal(put(http, "large", upload, large.onnx)) == NO_ROOM
        assert not list((disk / "incoming").iterdir())
        assert http.get("/ready").status_code == 200
        assert http.get("/models/large").status_code == 404
        assert client.push("small", small.manifest, small.onnx).created
    check_log(registry)


def test_a_registry_whose_database_has_no_room_for_its_schema_says_so(registry: Registry, tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    command = COMMAND.replace(SMALL, "size=100k,mode=0700")
    cramped = Registry(tmp_path / "data", (*ALONE, command, sys.executable), {"MLP_TERMINATION_FILE": str(told)})
    cramped.data.mkdir(mode=0o700)
    assert cramped.launch() == 3
    said = json.loads(told.read_text())
    assert said == {"reason": "DiskFull", "message": "the database has no room for its schema"}
    check_log(cramped)


def check_log(registry: Registry) -> None:
    lines: list[dict[str, Any]] = registry.log_lines()
    assert not [line for line in lines if "traceback" in line]
