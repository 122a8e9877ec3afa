"""How long the command line takes to say something, beside the import of the libraries that it stands on."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.table import Table, spread

ROUNDS = 21
LIMIT = [sys.executable, "-c", "import typer, rich.console"]
OURS = {
    "mlp --help": [sys.executable, "-m", "mlp", "--help"],
    "mlp version": [sys.executable, "-m", "mlp", "version"],
    "mlp explain MLP2204": [sys.executable, "-m", "mlp", "explain", "MLP2204"],
}


def milliseconds(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - begin) * 1000


def measure() -> Table:
    """Run every command once a round, so that the machine's moods hit all alike."""
    commands = {"python -c 'import typer, rich.console'": LIMIT, **OURS}
    for command in commands.values():
        milliseconds(command)
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            times[name].append(milliseconds(command))
    limit = statistics.median(next(iter(times.values())))
    rows = [
        (f"`{name}`", spread(values, "ms"), f"{statistics.median(values) / limit:.2f}")
        for name, values in times.items()
    ]
    return Table(
        title="Starting the command line",
        command="python -m benchmarks cli_start",
        headers=("command", f"wall time, median of {ROUNDS}", "ratio"),
        rows=rows,
    )


if __name__ == "__main__":
    print(measure().markdown())
