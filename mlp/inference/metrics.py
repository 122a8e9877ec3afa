"""What the server counts while it works: plain numbers, changed on the event loop and read when somebody asks."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from mlp.inference.drift import Drift
from mlp.inference.http1 import Traffic

BOUNDS = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0
)  # fmt: skip
"""Upper bounds of the histograms' buckets, in seconds: from a linear model's one row to a large ensemble's batch."""


ROW_BOUNDS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 4_096, 16_384)
"""Upper bounds of the histogram of rows."""


class Histogram:
    """How much something was, how often; by default how long it took."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float] = BOUNDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """Observations a bucket; the last one is for those above every bound."""
        self.total = 0.0
        """All observations together, in their unit."""

    def observe(self, amount: float) -> None:
        """Count one observation."""
        self.counts[bisect_left(self.bounds, amount)] += 1
        self.total += amount


class RouteMetrics:
    """Requests to one path, or calls of one method."""

    __slots__ = ("seconds", "statuses")

    def __init__(self) -> None:
        self.statuses: Counter[int | str] = Counter()
        """HTTP statuses, or the names of gRPC's."""
        self.seconds = Histogram()


class Metrics:
    """Everything that this process counts."""

    def __init__(self, drift: Drift) -> None:
        self.drift = drift
        self.traffic = Traffic()
        self.routes: dict[str, RouteMetrics] = {}
        """Path -> its requests; every unknown path is `other`."""
        self.rpcs: dict[str, RouteMetrics] = {}
        """Method of the gRPC service -> its calls."""
        self.model_seconds = Histogram()
        """Time inside ONNX Runtime."""
        self.run_rows = Histogram(ROW_BOUNDS)
        """Rows of each run of the model."""
        self.queued = 0
        """Requests that wait for the model."""
        self.rows = 0
        """Rows answered."""
        self.non_finite = 0
        """NaN and infinite values among the answers; they are sent as null."""

    def count_run(self, rows: int, seconds: float) -> None:
        """Count a run of the model."""
        self.model_seconds.observe(seconds)
        self.run_rows.observe(rows)
        self.rows += rows

    def route(self, path: str) -> RouteMetrics:
        """Return the counters of a path, which exist from then on."""
        return self.routes.setdefault(path, RouteMetrics())

    def rpc(self, method: str) -> RouteMetrics:
        """Return the counters of a gRPC method, which exist from then on."""
        return self.rpcs.setdefault(method, RouteMetrics())
