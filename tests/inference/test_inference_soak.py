"""Minutes at half of what a model server can answer: `make soak`; MLP_SOAK_LOAD_MINUTES (10) says how many."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import psutil
import pytest
from served_models import iris

MINUTES = float(os.environ.get("MLP_SOAK_LOAD_MINUTES", "10"))
BODY = b'{"features": [[5.1, 3.5, 1.4, 0.2]]}'
REQUEST = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n%b" % (len(BODY), BODY)
CPU = str(max(os.sched_getaffinity(0)))


def measured(module: str, *arguments: object) -> dict[str, float]:
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    return json.loads(subprocess.run(command, input=REQUEST, stdout=subprocess.PIPE, check=True).stdout)


@pytest.mark.soak
@pytest.mark.timeout(MINUTES * 60 + 120)
def test_minutes_at_half_the_peak_fail_nothing_and_need_no_more_memory(launcher, registry):
    server = launcher.start(**registry.publish(iris()))
    process = psutil.Process(server.process.pid)
    peak = measured("load", server.port, 32, 5, CPU, 200)["rate"]
    before = process.memory_info().rss
    found = measured("overload", server.port, peak / 2, MINUTES * 60, CPU)
    after = process.memory_info().rss
    words = f"peak {peak:.0f}/s; {MINUTES:g} minutes of {found['sent']:.0f}/s: {found['answered']:.0f}/s answered, "
    words += f"{found['lost'] + found['others']:.0f} errors, p99 {found['answered_p99_ms']:.1f} ms, "
    sys.stderr.write(f"{words}{before / 2**20:.1f} MiB resident, then {after / 2**20:.1f} MiB\n")
    assert (found["refused"], found["others"], found["lost"]) == (0, 0, 0)
    assert after <= 1.1 * before
