"""What the agent needs after hours of switching: `make soak`.

MLP_SOAK_MINUTES (60) says how long, MLP_SOAK_SWITCH_SECONDS (60) how often the version is switched.
"""

from __future__ import annotations

import json
import os
import sys
import time

import psutil
import pytest

from tests.conftest import CommandLine
from tests.local.callers import Callers

MINUTES = float(os.environ.get("MLP_SOAK_MINUTES", "60"))
SWITCH_SECONDS = float(os.environ.get("MLP_SOAK_SWITCH_SECONDS", "60"))
WARM_UP = 3
"""Switches before memory is measured for the first time: what is imported when it is first needed has been."""


@pytest.mark.soak
@pytest.mark.timeout(MINUTES * 60 + 900)
def test_the_agent_needs_no_more_memory_after_many_switches(platform: CommandLine) -> None:
    platform.succeed("demo", timeout=300)
    url = json.loads(platform.succeed("status", "iris-classifier", "-o", "json"))["status"]["url"]
    agent = psutil.Process(json.loads((platform.home / "agent.json").read_text())["pid"])
    sizes = []
    end = time.monotonic() + MINUTES * 60
    rows = b'{"features": [[5.1, 3.5, 1.4, 0.2]]}'
    with Callers(int(url.rpartition(":")[2]), 8, rows) as callers:
        for switch in range(1_000_000):
            next_at = time.monotonic() + SWITCH_SECONDS
            platform.succeed("deploy", "iris-classifier", "--version", str(1 + switch % 2))
            sizes.append(agent.memory_info().rss)
            if time.monotonic() > end:
                break
            time.sleep(max(0.0, next_at - time.monotonic()))
    first, last = sizes[WARM_UP], sizes[-1]
    words = f"{len(sizes)} switches, {len(callers.answers)} requests, agent {first / 2**20:.1f} MiB, then "
    sys.stderr.write(f"{words}{last / 2**20:.1f} MiB\n")
    assert callers.failures == []
    assert last <= first * 1.1
