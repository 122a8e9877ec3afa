"""One platform on a cluster for all the stories that are told there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cluster import ClusterLine, what_is_missing


@pytest.fixture(scope="session")
def cluster() -> Iterator[ClusterLine]:
    """A cluster without the platform at the beginning, and without it at the end."""
    missing = what_is_missing()
    if missing is not None:
        pytest.skip(missing)
    folder = Path(tempfile.mkdtemp(prefix="mlp-e2e-"))
    line = ClusterLine(folder)
    line.succeed("down", "--purge", "--yes", timeout=180)
    try:
        yield line
    finally:
        line.run("down", "--purge", "--yes", timeout=180)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def running(cluster: ClusterLine) -> ClusterLine:
    """A cluster where the platform runs, and both sample models answer."""
    cluster.succeed("up", "--timeout", "10m", timeout=620)
    cluster.succeed("test", timeout=300)
    return cluster
