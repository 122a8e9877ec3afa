"""Two versions of a classifier of flowers, as files that a user has."""

from __future__ import annotations

from pathlib import Path

import joblib

from mlp.samples import SAMPLES

FILES = ("tree.joblib", "linear.joblib")
"""Version 1 and version 2."""
ROWS = "rows.csv"
"""The sample of both."""
SETOSA = ("-i", "sepal_length=5.1", "-i", "sepal_width=3.5", "-i", "petal_length=1.4", "-i", "petal_width=0.2")


def train(folder: Path) -> None:
    """Write the files."""
    for file, version in zip(FILES, SAMPLES["iris-classifier"], strict=True):
        sample = version()
        joblib.dump(sample.estimator, folder / file)
        sample.rows.to_csv(folder / ROWS, index=False)


def push(line, number: int) -> None:
    """Push one of the files, which has to become that version of iris."""
    pushed = line.succeed("model", "push", FILES[number - 1], "--name", "iris", "--sample", ROWS, "--trust")
    assert pushed.startswith(f"iris:{number}   digest ")
