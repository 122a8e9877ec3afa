"""Measurements: ours, the peers and the limit in one run. `python -m benchmarks` writes docs/benchmarks.md."""
