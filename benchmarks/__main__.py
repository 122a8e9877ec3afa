"""Run every measurement, or those that are named, and write docs/benchmarks.md.

python -m benchmarks                       all, and write the page
python -m benchmarks cli_start inference   these, to stdout only
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    cli_start,
    inference,
    inference_choices,
    inference_grpc,
    inference_load,
    inference_peers,
    local_platform,
    machine,
    registry,
    registry_pages,
    registry_push,
)
from benchmarks.table import Table

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
MEASUREMENTS: Mapping[str, tuple[Callable[[], Table], ...]] = {
    "cli_start": (cli_start.measure,),
    "local_platform": (local_platform.measure_times, local_platform.measure_memory),
    "registry": (registry.measure,),
    "registry_pages": (registry_pages.measure,),
    "registry_push": (registry_push.measure,),
    "inference_choices": (inference_choices.measure_http, inference_choices.measure_codec),
    "inference_peers": (inference_peers.measure,),
    "inference_grpc": (inference_grpc.measure,),
    "inference_load": (inference_load.measure_batching, inference_load.measure_overload),
    "inference": (inference.measure_rate, inference.measure_batch, inference.measure_start),
}
INTRODUCTION = """# Benchmarks

Written by `make bench`; no figure here was typed by hand. Compare within a table: what stands in one table was measured
in one run, in turns. Ranges are the lowest and the highest of the runs."""


def main(names: list[str]) -> int:
    unknown = set(names) - set(MEASUREMENTS)
    if unknown:
        print(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(MEASUREMENTS)}", file=sys.stderr)
        return 2
    sections = []
    for name in names or MEASUREMENTS:
        for measure in MEASUREMENTS[name]:
            sections.append(measure().markdown())
            print(sections[-1], flush=True)
    if not names:
        when = f"{datetime.now(UTC):%Y-%m-%d}, {machine.describe()}."
        PAGE.write_text("\n".join([INTRODUCTION, "", when, "", *sections]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
