"""A scripted API server and what speaks to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlp.kube.connection import connect
from tests.kube.scripted_api import Script, ScriptedApi


def wait_for(condition: Callable[[], Any], seconds: float = 15) -> Any:
    give_up = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < give_up, "it did not come true in time"
        time.sleep(0.01)
    return found


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Script], ScriptedApi]]:
    started: list[ScriptedApi] = []

    def start(script: Script) -> ScriptedApi:
        api = ScriptedApi(script, tmp_path)
        started.append(api)
        return api

    yield start
    for api in started:
        api.stop()


@pytest.fixture
def connected() -> Iterator[Callable[[ScriptedApi], Any]]:
    opened = []

    def open_(api: ScriptedApi) -> Any:
        opened.append(connect(api.kubeconfig))
        return opened[-1]

    yield open_
    for connection in opened:
        connection.close()
