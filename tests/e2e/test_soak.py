"""Long counts: `make soak`."""

from __future__ import annotations

import json
import threading

import httpx
import pytest

SWITCHES = 40
CLIENTS = 8


@pytest.mark.soak
def test_no_request_fails_while_versions_switch_again_and_again(platform):
    platform.succeed("demo", timeout=300)
    url = json.loads(platform.succeed("status", "iris-classifier", "-o", "json"))["status"]["url"]
    answered, failed, done = [0] * CLIENTS, [], threading.Event()

    def ask(number: int) -> None:
        with httpx.Client() as client:
            while not done.is_set():
                try:
                    answer = client.post(f"{url}/predict", json={"features": [[5.1, 3.5, 1.4, 0.2]]})
                    answer.raise_for_status()
                except httpx.HTTPError as error:
                    failed.append(repr(error))
                answered[number] += 1

    clients = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        for switch in range(SWITCHES):
            platform.succeed("deploy", "iris-classifier", "--version", str(1 + switch % 2))
    finally:
        done.set()
        for client in clients:
            client.join()
    assert failed == []
    assert sum(answered) > 20_000
